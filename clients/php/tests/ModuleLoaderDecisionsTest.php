<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use ModuleLoader\Condition;
use ModuleLoader\Event;
use ModuleLoader\Loader;
use ModuleLoader\Report;

/**
 * What the module loader asks, and what becomes of the modules.
 */
final class ModuleLoaderDecisionsTest extends ModuleLoaderCase
{
    private const AMO_CRM = self::MODULES . '/ModuleAmoCrm';
    private const PHONE_BOOK = self::MODULES . '/ModulePhoneBook';
    private const LATER = self::NOW + 3600;

    private const STATUS = '"status"';
    private const TRIAL = '{"add_trial":{"product":81}}';
    private const CAPTURE = '{"capture":{"feature":45,"holder":null,"reclaim":true}}';
    private const ENSURE = '{"ensure":{"feature":45}}';

    private function withoutDaemon(): Loader
    {
        return new Loader(new Client('/nonexistent/licensed.sock'), $this->store());
    }

    private function condition(string $id = 'ModuleAmoCrm'): ?Condition
    {
        return ($this->store()->modules()[$id] ?? null)?->condition();
    }

    /**
     * @param list<Report> $reports
     *
     * @return array<string, Event>
     */
    private static function events(array $reports): array
    {
        return array_column($reports, 'event', 'module');
    }

    public function testAnInstallationAsksForATrialAndShowsIt(): void
    {
        $daemon = $this->trying(self::done());
        $report = $this->loader($daemon)->install(self::AMO_CRM, self::NOW);
        self::assertSame([Event::Installed, true], [$report->event, $report->trial->granted]);
        self::assertSame([self::STATUS, self::TRIAL], $daemon->requests());
        self::assertSame(Condition::DisabledByUser, $this->condition());
        self::assertTrue($this->store()->modules()['ModuleAmoCrm']->trial->granted);
    }

    public function testATrialThatIsNotToBeHadStopsNothing(): void
    {
        $daemon = $this->trying(self::error('refused', 2011, 'It was used already.'));
        $report = $this->loader($daemon)->install(self::AMO_CRM, self::NOW);
        self::assertSame([Event::Installed, false, 2011], [
            $report->event,
            $report->trial->granted,
            $report->trial->code,
        ]);
        self::assertSame(2011, $this->store()->modules()['ModuleAmoCrm']->trial->code);
    }

    public function testWithoutANumberNothingThatNeedsALicenseIsInstalled(): void
    {
        $daemon = $this->answering(self::status(null));
        $report = $this->loader($daemon)->install(self::AMO_CRM, self::NOW);
        self::assertSame([Event::NoNumber, 2009, 81], [$report->event, $report->code, $report->product]);
        self::assertSame([self::STATUS], $daemon->requests());
        self::assertNull($this->condition());
    }

    public function testAFreeModuleIsInstalledAndEnabledWithoutAsking(): void
    {
        $loader = $this->withoutDaemon();
        self::assertSame(Event::Installed, $loader->install(self::PHONE_BOOK, self::NOW)->event);
        self::assertSame(Event::Enabled, $loader->enable('ModulePhoneBook', self::NOW)->event);
        self::assertSame(['MikoPBX' => Event::BaseUnclear], self::events($loader->check(self::NOW)));
        self::assertSame(Condition::Enabled, $this->condition('ModulePhoneBook'));
        self::assertSame(
            Event::Installed,
            $loader->installFromMarketplace(self::MODULES . '/ModuleSmartIVR', self::NOW)->event,
        );
    }

    public function testAFaultStopsNoInstallation(): void
    {
        $report = $this->withoutDaemon()->install(self::AMO_CRM, self::NOW);
        self::assertSame([Event::Installed, false], [$report->event, $report->trial->granted]);
        self::assertSame([false, true], [$report->trial->isAnswered, $report->isWithoutAnswer]);
        self::assertStringContainsString('systemctl start licensed', $report->trial->message);
        self::assertFalse($this->store()->modules()['ModuleAmoCrm']->trial->isAnswered);
    }

    public function testTheMarketplaceTakesAFreeSeatAndNoTrial(): void
    {
        $daemon = $this->answering(self::status(), self::captured());
        $report = $this->loader($daemon)->installFromMarketplace(self::AMO_CRM, self::NOW);
        self::assertSame([Event::Installed, null], [$report->event, $report->trial]);
        self::assertSame([self::STATUS, self::CAPTURE], $daemon->requests());
    }

    public function testWithoutASeatTheMarketplaceAsksForATrialAndThenForTheSeatAgain(): void
    {
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(self::status())), ...$this->refusing()],
            [self::READ, self::send(self::frame(self::done()))],
            [self::READ, self::send(self::frame(self::captured())), self::HOLD],
        );
        $report = $this->loader($daemon)->installFromMarketplace(self::AMO_CRM, self::NOW);
        self::assertSame([Event::Installed, true], [$report->event, $report->trial->granted]);
        self::assertSame([self::STATUS, self::CAPTURE, self::TRIAL, self::CAPTURE], $daemon->requests());
    }

    public function testWithoutSeatAndTrialTheMarketplaceInstallsNothing(): void
    {
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(self::status())), ...$this->refusing()],
            $this->refusing(),
            $this->refusing(),
        );
        $report = $this->loader($daemon)->installFromMarketplace(self::AMO_CRM, self::NOW);
        self::assertSame([Event::NotLicensed, 2008, 45], [$report->event, $report->code, $report->feature]);
        self::assertCount(4, $daemon->requests());
        self::assertNull($this->condition());
    }

    public function testAFaultUsesUpNoTrial(): void
    {
        $daemon = $this->answering(self::status(), self::error('no_answer', 1012));
        $report = $this->loader($daemon)->installFromMarketplace(self::AMO_CRM, self::NOW);
        self::assertSame([Event::NotChecked, 1012], [$report->event, $report->code]);
        self::assertSame([self::STATUS, self::CAPTURE], $daemon->requests());
    }

    /**
     * @dataProvider enablings
     */
    public function testAModuleIsEnabledUnlessItsLicenseSaysNo(array $answer, Event $event, Condition $then): void
    {
        $this->installed(change: fn ($module) => $module->wished(false, self::NOW));
        $daemon = $this->answering($answer);
        $report = $this->loader($daemon)->enable('ModuleAmoCrm', self::LATER);
        self::assertSame([$event, $then], [$report->event, $this->condition()]);
        self::assertSame([self::ENSURE], $daemon->requests());
    }

    public static function enablings(): array
    {
        [$runs, $refused] = [Condition::Enabled, Condition::DisabledByLicense];
        return [
            'granted' => [self::granted(), Event::Enabled, $runs],
            'denied' => [self::denied(), Event::DisabledByLicense, $refused],
            'nobody knows, it may' => [self::unclear(), Event::GoesOn, $runs],
            'nobody knows, it may not' => [self::unclear(mayRun: false), Event::DisabledByLicense, $refused],
            'refused' => [self::error('refused', 2008), Event::DisabledByLicense, $refused],
            'the daemon stops' => [self::error('draining', null), Event::NotEnabled, Condition::DisabledByUser],
        ];
    }

    public function testTheReasonOfARefusalIsStored(): void
    {
        $this->installed(change: fn ($module) => $module->wished(false, self::NOW));
        $this->loader($this->answering(self::denied()))->enable('ModuleAmoCrm', self::LATER);
        $refusal = $this->store()->modules()['ModuleAmoCrm']->refusal;
        self::assertSame([2008, '(2008) There is no license for this feature.', self::LATER], [
            $refusal->code,
            $refusal->message,
            $refusal->since,
        ]);
    }

    public function testWithTheDaemonDownNoModuleIsEnabledThatDoesNotRun(): void
    {
        $loader = $this->withoutDaemon();
        $loader->install(self::AMO_CRM, self::NOW);
        $report = $loader->enable('ModuleAmoCrm', self::LATER);
        self::assertSame([Event::NotEnabled, true], [$report->event, $report->isWithoutAnswer]);
        self::assertSame(Condition::DisabledByUser, $this->condition());
    }

    public function testWithTheDaemonDownAModuleThatRunsIsEnabledStill(): void
    {
        $this->installed();
        $report = $this->withoutDaemon()->enable('ModuleAmoCrm', self::LATER);
        self::assertSame([Event::GoesOn, Condition::Enabled], [$report->event, $this->condition()]);
    }

    public function testWithTheDaemonDownEnablingBringsNoRefusedModuleBack(): void
    {
        $this->refused();
        $report = $this->withoutDaemon()->enable('ModuleAmoCrm', self::LATER);
        self::assertSame([Event::DisabledByLicense, 2008], [$report->event, $report->code]);
        self::assertTrue($report->isWithoutAnswer);
    }

    public function testTheHourlyLookIsOneQuestionAboutWhatRuns(): void
    {
        $this->installed();
        $this->installed('ModulePhoneBook');
        $this->installed('ModuleUsersUI', fn ($module) => $module->wished(false, self::NOW));
        $daemon = $this->answering(self::entitlements(self::granted(33), self::granted()));
        $reports = $this->loader($daemon)->check(self::LATER);
        self::assertSame(['{"check_many":{"features":[33,45]}}'], $daemon->requests());
        self::assertSame(
            ['MikoPBX' => Event::BaseLicensed, 'ModuleAmoCrm' => Event::Enabled],
            self::events($reports),
        );
    }

    public function testWhoLostItsLicenseIsDisabledAndNobodyElse(): void
    {
        $this->installed();
        $this->installed('ModuleUsersUI');
        $this->installed('ModulePhoneBook');
        $word = self::entitlements(self::denied(33), self::denied(), self::granted(51));
        $reports = $this->loader($this->answering($word))->check(self::LATER);
        self::assertSame([
            'MikoPBX' => Event::BaseUnlicensed,
            'ModuleAmoCrm' => Event::LostLicense,
            'ModuleUsersUI' => Event::Enabled,
        ], self::events($reports));
        self::assertSame([81, 45, 2008], [$reports[1]->product, $reports[1]->feature, $reports[1]->code]);
        self::assertSame(Condition::DisabledByLicense, $this->condition());
        self::assertSame(Condition::Enabled, $this->condition('ModuleUsersUI'));
        self::assertSame(Condition::Enabled, $this->condition('ModulePhoneBook'));
    }

    public function testWhatWasRefusedIsAskedAboutAgainAndTakesAFreeSeat(): void
    {
        $this->refused();
        $still = self::entitlements(self::granted(33), self::denied());
        $daemon = $this->answering($still, self::denied(), $still, self::granted());
        $loader = $this->loader($daemon);
        self::assertSame(Event::DisabledByLicense, $loader->check(self::LATER)[1]->event);
        self::assertSame(Event::CameBack, $loader->check(self::LATER + 3600)[1]->event);
        self::assertSame(self::ENSURE, $daemon->requests()[1]);
        self::assertSame(Condition::Enabled, $this->condition());
        self::assertNull($this->store()->modules()['ModuleAmoCrm']->refusal);
    }

    public function testWhatAPersonDisabledIsNotAskedAbout(): void
    {
        $this->refused();
        $daemon = $this->answering(self::entitlements(self::granted(33)));
        $loader = $this->loader($daemon);
        $disabled = $loader->disable('ModuleAmoCrm', self::LATER);
        self::assertSame([Event::DisabledByUser, null], [$disabled->event, $disabled->code]);
        self::assertCount(1, $loader->check(self::LATER));
        self::assertSame(['{"check_many":{"features":[33]}}'], $daemon->requests());
        self::assertSame(Condition::DisabledByUser, $this->condition());
    }

    public function testNoFaultDisablesAModuleOrBringsOneBack(): void
    {
        $this->installed();
        $this->refused('ModuleUsersUI');
        $silence = self::entitlements(self::unclear(33), self::unclear(), self::unclear(51));
        $faults = [
            $this->withoutDaemon(),
            $this->loader($this->answering($silence, self::unclear(51))),
            $this->loader($this->daemon([self::READ, self::send("\0\0\0\x03\x01\x01x")])),
            $this->loader($this->answering(self::error('busy', null))),
        ];
        foreach ($faults as $loader) {
            self::assertSame([
                'MikoPBX' => Event::BaseUnclear,
                'ModuleAmoCrm' => Event::GoesOn,
                'ModuleUsersUI' => Event::DisabledByLicense,
            ], self::events($loader->check(self::LATER)));
            self::assertSame(Condition::Enabled, $this->condition());
            self::assertSame(Condition::DisabledByLicense, $this->condition('ModuleUsersUI'));
        }
    }

    public function testASilentDaemonIsAskedOnce(): void
    {
        $this->refused();
        $this->refused('ModuleUsersUI');
        $daemon = $this->daemon([self::READ, self::HOLD], [self::READ, self::HOLD]);
        $loader = new Loader(new Client($daemon->socket, 0.2, 0.2), $this->store());
        self::assertTrue($loader->check(self::LATER)[0]->isWithoutAnswer);
        self::assertCount(1, $daemon->requests());
    }

    public function testAnInstallationFromTheSameFolderIsAnUpdate(): void
    {
        $this->refused();
        $report = $this->loader($this->trying(self::done()))->install(self::AMO_CRM, self::LATER);
        self::assertSame([Event::Updated, true], [$report->event, $report->trial->granted]);
        self::assertSame(Condition::DisabledByLicense, $this->condition());
    }

    public function testAnUninstalledModuleIsForgotten(): void
    {
        $this->installed();
        $loader = $this->withoutDaemon();
        self::assertSame(Event::Uninstalled, $loader->uninstall('ModuleAmoCrm')->event);
        self::assertNull($this->condition());
        foreach (['uninstall', 'enable', 'disable'] as $command) {
            self::assertSame(Event::NoSuchModule, $loader->$command('ModuleAmoCrm', self::NOW)->event);
        }
    }

    /** A daemon that knows a number and gives this answer about a trial, which is asked for on a new connection. */
    private function trying(array $answer): FakeDaemon
    {
        return $this->daemon(
            [self::READ, self::send(self::frame(self::status())), self::HOLD],
            [self::READ, self::send(self::frame($answer)), self::HOLD],
        );
    }

    /** Steps that read a request and refuse it. The client closes after an error. */
    private function refusing(): array
    {
        return [self::READ, self::send(self::frame(self::error('refused', 2008)))];
    }
}
