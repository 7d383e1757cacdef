<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * Whether the license server answers.
 */
final readonly class Ping
{
    public function __construct(
        /** The URL of the license server that was asked last. */
        public string $server,
        /** How long it took, in milliseconds. */
        public int $tookMs,
        /** How long ago that was, in seconds. */
        public int $age,
        /** Why there is no answer; null if there is one. */
        public ?PingFailure $failure,
    ) {
    }

    public function answers(): bool
    {
        return $this->failure === null;
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        $failure = $fields->optionalObject('failure');
        return new self(
            $fields->string('server'),
            $fields->int('took_ms'),
            $fields->int('age'),
            $failure === null ? null : PingFailure::fromWire($failure),
        );
    }
}
