<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A feature that a product contains. What it comes to on this host is a {@see Feature}.
 */
final readonly class ProductFeature
{
    public function __construct(
        public int $id,
        /** Its name, for people. */
        public string $name,
        public Seats $seats,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            $fields->int('feature'),
            $fields->string('name'),
            Seats::fromWire($fields->object('seats')),
        );
    }
}
