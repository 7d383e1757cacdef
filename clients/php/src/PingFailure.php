<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;

/**
 * Why the license server does not answer.
 */
final readonly class PingFailure
{
    public function __construct(
        public Stage $stage,
        /** 1011 to 1014. */
        public int $code,
        /** What happened, with the URL. */
        public string $message,
    ) {
    }

    /** The code, if there is one and this package knows it. */
    public function knownCode(): ?Code
    {
        return Code::of($this->code);
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
