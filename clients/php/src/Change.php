<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;

/**
 * What a watcher is told, by {@see Client::watch()}.
 */
final readonly class Change
{
    /**
     * @param list<Verdict> $verdicts
     */
    public function __construct(
        /** Whether this is everything, and what was told before is to be forgotten: the first change is. */
        public bool $whole,
        /** Whether changes passed that were not told. Then this is everything. */
        public bool $missed,
        /** Whether the next change goes on with this one, which would be too long. */
        public bool $more,
        public State $state,
        /** The code of a state that is no plain "bound". */
        public ?int $code,
        /** What the state means and what to do, in a sentence. */
        public string $message,
        /** All features of the license if this is everything; else those that changed. */
        public array $verdicts,
    ) {
    }

    /** The verdict on a feature, if this change tells it. */
    public function of(int $feature): ?Verdict
    {
        foreach ($this->verdicts as $verdict) {
            if ($verdict->feature === $feature) {
                return $verdict;
            }
        }
        return null;
    }

    /** The code, if there is one and this package knows it. */
    public function knownCode(): ?Code
    {
        return Code::of($this->code);
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            $fields->bool('whole'),
            $fields->bool('missed'),
            $fields->bool('more'),
            State::tryFrom($fields->string('state')) ?? throw Fault::protocol('a change with an unknown state'),
            $fields->optionalInt('code'),
            $fields->string('message'),
            array_map(Verdict::fromWire(...), $fields->objects('entitlements')),
        );
    }
}
