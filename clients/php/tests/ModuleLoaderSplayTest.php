<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use ModuleLoader\Splay;
use PHPUnit\Framework\TestCase;
use Random\Engine\Mt19937;
use Random\Randomizer;

/**
 * PBXs do not all ask in the same minute.
 */
final class ModuleLoaderSplayTest extends TestCase
{
    public function testAThousandPbxsSpreadOverFiveMinutes(): void
    {
        $randomizer = new Randomizer(new Mt19937(786));
        $minutes = array_fill(0, 5, 0);
        for ($pbx = 0; $pbx < 1000; $pbx++) {
            $seconds = Splay::seconds($randomizer);
            self::assertGreaterThanOrEqual(0, $seconds);
            self::assertLessThanOrEqual(300, $seconds);
            $minutes[min(4, intdiv($seconds, 60))]++;
        }
        self::assertGreaterThan(150, min($minutes), 'a fifth in each minute, more or less');
        self::assertLessThan(250, max($minutes));
    }

    public function testEachLookHasADelayOfItsOwn(): void
    {
        $delays = array_map(static fn (): int => Splay::seconds(), range(1, 50));
        self::assertGreaterThan(10, count(array_unique($delays)));
    }
}
