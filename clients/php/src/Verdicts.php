<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * Verdicts on several features.
 *
 * @internal
 */
final readonly class Verdicts
{
    /**
     * @param array<int, Verdict> $byFeature in the order of the answer
     */
    private function __construct(public array $byFeature)
    {
    }

    public static function fromWire(Fields $entitlements): self
    {
        $byFeature = [];
        foreach ($entitlements->elements() as $entitlement) {
            $byFeature[$entitlement->int('feature')] = Verdict::fromWire($entitlement);
        }
        return new self($byFeature);
    }

    /**
     * @param list<int> $features
     *
     * @return array<int, Verdict>
     */
    public static function unknown(Failure $failure, array $features): array
    {
        $of = static fn (int $feature): Verdict => Verdict::unknown($failure, $feature);
        return array_combine($features, array_map($of, $features));
    }
}
