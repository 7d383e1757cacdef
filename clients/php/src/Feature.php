<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A feature of the license, by {@see Client::features()}.
 */
final readonly class Feature
{
    public function __construct(
        /** Its name, for people. */
        public string $name,
        /** What it comes to on this host. */
        public Verdict $verdict,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self($fields->string('name'), Verdict::fromWire($fields->object('entitlement')));
    }
}
