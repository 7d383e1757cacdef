<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Verdict;

/**
 * The word that a module may not run. It holds until another word is heard: silence takes nothing back.
 */
final readonly class Refusal
{
    public function __construct(
        /** Why, such as 2008 or 2011; null if no code came with it. */
        public ?int $code,
        /** The daemon's own words. */
        public string $message,
        /** Since when, in Unix seconds. */
        public int $since,
    ) {
    }

    public static function of(Verdict $verdict, int $now): self
    {
        return new self($verdict->code, $verdict->message, $now);
    }

    /**
     * @throws \UnexpectedValueException
     */
    public static function read(Record $record): self
    {
        return new self($record->optionalInt('code'), $record->string('message'), $record->int('since'));
    }
}
