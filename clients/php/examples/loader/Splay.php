<?php

declare(strict_types=1);

namespace ModuleLoader;

use Random\Randomizer;

/**
 * Spreads the hourly look of many PBXs, so that they do not all ask in the same minute.
 */
final class Splay
{
    /** The longest delay, in seconds: as long as today's PBX waits at most. */
    public const LONGEST = 300;

    /**
     * How many seconds to wait before the hourly look: each number up to the longest is as likely.
     *
     * @return non-negative-int
     */
    public static function seconds(Randomizer $randomizer = new Randomizer()): int
    {
        return max(0, $randomizer->getInt(0, self::LONGEST));
    }
}
