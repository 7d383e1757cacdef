<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A company that is registered, and this host with it.
 */
final readonly class Registered
{
    public function __construct(
        /** The registration number of the company, whole: "MIKO-…". */
        public string $number,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self($fields->string('number'));
    }
}
