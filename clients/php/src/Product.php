<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A product of a license.
 */
final readonly class Product
{
    /**
     * @param list<ProductFeature> $features
     */
    public function __construct(
        public int $id,
        /** Its name, for people. */
        public string $name,
        public bool $isTrial,
        /** When it ends, in Unix seconds: at 12:00 UTC of the day after its last one. Null: never. */
        public ?int $expiresAt,
        /** What it contains. */
        public array $features,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            $fields->int('product'),
            $fields->string('name'),
            $fields->bool('trial'),
            $fields->optionalInt('expires_at'),
            array_map(ProductFeature::fromWire(...), $fields->objects('features')),
        );
    }
}
