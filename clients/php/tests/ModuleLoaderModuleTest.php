<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use ModuleLoader\Condition;
use ModuleLoader\Module;

/**
 * Two things decide whether a module runs: the wish of a person, and the last word on its license.
 */
final class ModuleLoaderModuleTest extends ModuleLoaderCase
{
    private const LATER = self::NOW + 3600;

    private static function fresh(): Module
    {
        return Module::installed(self::package(), null, self::NOW);
    }

    private static function running(): Module
    {
        return self::fresh()->wished(true, self::NOW);
    }

    private static function refusedModule(): Module
    {
        return self::running()->told(self::verdict(self::denied()), self::NOW);
    }

    public function testAModuleIsInstalledDisabled(): void
    {
        self::assertSame(Condition::DisabledByUser, self::fresh()->condition());
        self::assertSame(Condition::Enabled, self::running()->condition());
    }

    /**
     * @dataProvider words
     */
    public function testAWordOnTheLicenseDecidesAndSilenceDoesNot(
        array $word,
        Condition $fromRunning,
        Condition $fromRefused,
    ): void {
        $verdict = self::verdict($word);
        self::assertSame($fromRunning, self::running()->told($verdict, self::LATER)->condition());
        self::assertSame($fromRefused, self::refusedModule()->told($verdict, self::LATER)->condition());
    }

    public static function words(): array
    {
        $offline = ['granted' => ['until' => 1_800_000_000, 'basis' => ['offline' => ['since' => 1_794_000_000]]]];
        [$runs, $refused] = [Condition::Enabled, Condition::DisabledByLicense];
        return [
            'granted' => [self::granted(), $runs, $runs],
            'granted offline' => [self::entitlement($offline), $runs, $runs],
            'denied' => [self::denied(), $refused, $refused],
            'nobody knows, it may go on' => [self::unclear(), $runs, $refused],
            'nobody knows, for too long' => [self::unclear(mayRun: false), $refused, $refused],
        ];
    }

    public function testWhatAPersonDisabledNeverComesBackByItself(): void
    {
        $disabled = self::refusedModule()->wished(false, self::LATER);
        self::assertSame(Condition::DisabledByUser, $disabled->condition());
        $told = $disabled->told(self::verdict(self::granted()), self::LATER);
        self::assertSame(Condition::DisabledByUser, $told->condition());
        self::assertSame(Condition::Enabled, $told->wished(true, self::LATER)->condition());
    }

    public function testARefusalOutlivesBeingDisabledAndEnabled(): void
    {
        $again = self::refusedModule()->wished(false, self::LATER)->wished(true, self::LATER);
        self::assertSame(Condition::DisabledByLicense, $again->told(self::verdict(self::unclear()), 1)->condition());
    }

    public function testSinceWhenIsAboutTheConditionAlone(): void
    {
        $module = self::running();
        self::assertSame(self::NOW, $module->told(self::verdict(self::granted()), self::LATER)->since);
        self::assertSame(self::NOW, $module->wished(true, self::LATER)->since);
        $refused = $module->told(self::verdict(self::denied()), self::LATER);
        self::assertSame([self::LATER, self::LATER], [$refused->since, $refused->refusal->since]);
        $still = $refused->told(self::verdict(self::denied()), self::LATER + 3600);
        self::assertSame([self::LATER, self::LATER], [$still->since, $still->refusal->since]);
        self::assertSame(self::LATER + 9, $still->told(self::verdict(self::granted()), self::LATER + 9)->since);
    }

    public function testTheReasonIsTheLastWordAndNoSilenceAfterIt(): void
    {
        $silence = self::verdict(self::unclear(mayRun: false));
        $lapsed = self::running()->told($silence, self::NOW);
        self::assertSame([1012, self::NOW], [$lapsed->refusal->code, $lapsed->refusal->since]);
        $denied = $lapsed->told(self::verdict(self::denied()), self::LATER);
        self::assertSame([2008, self::LATER], [$denied->refusal->code, $denied->refusal->since]);
        self::assertSame(self::NOW, $denied->since);
        self::assertSame($denied, $denied->told($silence, self::LATER + 1));
    }

    public function testAVerdictOnAnotherFeatureSaysNothing(): void
    {
        $module = self::running();
        self::assertSame($module, $module->told(self::verdict(self::denied(50)), self::LATER));
    }

    public function testAnUpdateKeepsTheWishAndTheRefusalOfTheSameFeature(): void
    {
        $same = self::refusedModule()->updated(self::package(), null, self::LATER);
        self::assertSame(Condition::DisabledByLicense, $same->condition());
        $other = self::refusedModule()->updated(self::package('ModuleUsersUI'), null, self::LATER);
        self::assertSame([Condition::Enabled, 51, 127], [$other->condition(), $other->feature, $other->product]);
    }
}
