<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * A request that is done.
 */
final readonly class Done
{
    /**
     * @param list<string> $warnings
     */
    public function __construct(
        /** What happened, in a sentence for people. */
        public string $message,
        /** What did not go quite as wanted. */
        public array $warnings,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self($fields->string('message'), $fields->strings('warnings'));
    }
}
