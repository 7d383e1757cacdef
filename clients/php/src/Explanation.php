<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * Why a feature comes to what it comes to, by {@see Client::explain()}.
 */
final readonly class Explanation
{
    /**
     * @param list<Fact> $facts
     */
    public function __construct(
        public Verdict $verdict,
        /** What led there, in the order in which it was weighed; the last is the verdict. */
        public array $facts,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            Verdict::fromWire($fields->object('entitlement')),
            array_map(Fact::fromWire(...), $fields->objects('facts')),
        );
    }
}
