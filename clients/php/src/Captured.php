<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A seat that was taken.
 */
final readonly class Captured
{
    public function __construct(
        /** The seat, for {@see Client::release()}. */
        public string $session,
        /** What the feature comes to now. */
        public Verdict $verdict,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self($fields->string('session'), Verdict::fromWire($fields->object('entitlement')));
    }
}
