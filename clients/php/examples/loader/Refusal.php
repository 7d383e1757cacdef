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

    /** What was written as JSON; null if it is none. */
    public static function fromJson(mixed $json): ?self
    {
        if (!is_array($json)) {
            return null;
        }
        ['code' => $code, 'message' => $message, 'since' => $since] = $json + self::NOTHING;
        return ($code === null || is_int($code)) && is_string($message) && is_int($since)
            ? new self($code, $message, $since)
            : null;
    }

    private const NOTHING = ['code' => null, 'message' => null, 'since' => null];
}
