<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;

/**
 * Why the license server does not answer.
 */
final class PingFailure
{
    public function __construct(
        public readonly Stage $stage,
        /** 1011 to 1014. */
        public readonly int $code,
        /** What happened, with the URL. */
        public readonly string $message,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            Stage::tryFrom($fields->string('stage')) ?? throw Fault::protocol('a ping with an unknown stage'),
            $fields->int('code'),
            $fields->string('message'),
        );
    }
}
