<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * Seats of a feature, counted by host, or by user for a per-user feature.
 */
final readonly class Seats
{
    public function __construct(
        public int $total,
        /** Seats that are taken, by this host or others. */
        public int $captured,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self($fields->int('total'), $fields->int('captured'));
    }

    /** Whether a seat can be taken. */
    public function isFree(): bool
    {
        return $this->captured < $this->total;
    }
}
