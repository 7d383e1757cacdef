<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * One fact that a verdict rests on.
 */
final readonly class Fact
{
    public function __construct(
        /** What it is about, such as "lease" or "seat"; newer daemons may know more kinds. */
        public string $kind,
        /** "This time" of the message, in Unix seconds. */
        public ?int $at,
        /** The code that it brings, if it is no plain yes. */
        public ?int $code,
        /** The fact in a sentence for people. */
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
            $fields->string('kind'),
            $fields->optionalInt('at'),
            $fields->optionalInt('code'),
            $fields->string('message'),
        );
    }
}
