<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * An attempt of the daemon to reach the license server that gave no answer.
 */
final readonly class NoAnswer
{
    public function __construct(
        /** 1011 to 1014. */
        public int $code,
        /** What happened. */
        public string $message,
        /** When, in Unix seconds. */
        public int $at,
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
        return new self($fields->int('code'), $fields->string('message'), $fields->int('at'));
    }
}
