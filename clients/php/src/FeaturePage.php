<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * Some of the features of the license.
 *
 * @internal
 */
final readonly class FeaturePage
{
    /**
     * @param list<Feature> $features
     */
    private function __construct(public array $features, public ?int $next)
    {
    }

    public static function fromWire(Fields $fields): self
    {
        return new self(array_map(Feature::fromWire(...), $fields->objects('features')), $fields->optionalInt('next'));
    }
}
