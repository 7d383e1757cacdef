<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A feature of the license, by {@see Client::features()}.
 */
final class Feature
{
    public function __construct(
        /** Its name, for people. */
        public readonly string $name,
        /** What it comes to on this host. */
        public readonly Verdict $verdict,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self($fields->string('name'), Verdict::fromWire($fields->object('entitlement')));
    }
}
