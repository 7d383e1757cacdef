<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Basis;
use MikoPBX\Licensed\Captured;
use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Code;
use MikoPBX\Licensed\Done;
use MikoPBX\Licensed\Explanation;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\LicenseInfo;
use MikoPBX\Licensed\Ping;
use MikoPBX\Licensed\Registered;
use MikoPBX\Licensed\State;
use MikoPBX\Licensed\Status;
use MikoPBX\Licensed\VerdictKind;
use PHPUnit\Framework\TestCase;

/**
 * The real daemon and the real license server.
 */
final class RealDaemonTest extends TestCase
{
    private const COMPANY = 'ООО «Ромашка» & "Co" <+%>';

    private const MIKOPBX = 33;
    private const CRM = 45;
    private const CRM_PRODUCT = 81;
    private const TELEGRAM = 50;
    private const TELEGRAM_PRODUCT = 96;

    private RealHost $host;

    protected function setUp(): void
    {
        $this->host = new RealHost();
    }

    protected function tearDown(): void
    {
        $this->host->stop();
    }

    public function testACompanyRegistersAndMayRunMikoPbx(): void
    {
        $client = $this->host->client();
        $before = $client->check(self::MIKOPBX);
        self::assertSame([Code::KeyError, false], [$before->knownCode(), $before->mayRun()]);
        self::assertSame(State::Unregistered, $client->status()->state);

        $registered = $client->register(self::COMPANY, 'office@romashka.example', 'Иван Петров', '+7 495 000');
        self::assertResult(Registered::class, $registered);
        self::assertMatchesRegularExpression('/\AMIKO(-[A-Z0-9]{5}){4}\z/', $registered->number);
        $after = $client->check(self::MIKOPBX);
        self::assertSame([VerdictKind::Granted, Basis::Fresh], [$after->kind, $after->basis]);

        $status = $client->status();
        self::assertResult(Status::class, $status);
        self::assertSame([State::Fresh, self::COMPANY], [$status->state, $status->company]);
        $ping = $client->ping();
        self::assertResult(Ping::class, $ping);
        self::assertTrue($ping->answers());
    }

    public function testACouponMakesAModuleRunOnce(): void
    {
        $client = $this->registered();
        $denied = $client->ensure(self::CRM);
        self::assertSame([Code::NoLicense, false], [$denied->knownCode(), $denied->mayRun()]);

        $coupon = $this->host->coupon(self::CRM_PRODUCT);
        self::assertResult(Done::class, $client->activateCoupon(" $coupon "));
        $granted = $client->ensure(self::CRM);
        self::assertSame([VerdictKind::Granted, self::CRM_PRODUCT], [$granted->kind, $granted->product]);
        self::assertNotNull($granted->session);
        self::assertTrue($client->check(self::CRM)->mayRun());

        self::assertRefused(Code::CouponUsed, $client->activateCoupon($coupon));
        self::assertRefused(Code::CouponUnknown, $client->activateCoupon('MIKOUPD-AAAAA-BBBBB-CCCCC-DDDDD'));
        $malformed = $client->activateCoupon('no coupon');
        self::assertInstanceOf(Failure::class, $malformed);
        self::assertSame(FailureKind::Malformed, $malformed->kind);
    }

    public function testASeatIsTakenAndGivenBack(): void
    {
        $client = $this->registered();
        $client->addTrial(self::TELEGRAM_PRODUCT);
        $captured = $client->capture(self::TELEGRAM);
        self::assertResult(Captured::class, $captured);
        self::assertTrue($captured->verdict->mayRun());
        self::assertSame($captured->session, $client->capture(self::TELEGRAM)->session);

        self::assertResult(Done::class, $client->release($captured->session));
        $free = $client->check(self::TELEGRAM);
        self::assertNull($free->session);
        self::assertTrue($free->seats->isFree());

        $again = $client->release($captured->session);
        self::assertInstanceOf(Failure::class, $again);
        self::assertSame(FailureKind::Refused, $again->kind);
    }

    public function testATrialShowsInTheLicense(): void
    {
        $client = $this->registered();
        $trial = $client->addTrial(self::TELEGRAM_PRODUCT);
        self::assertResult(Done::class, $trial);

        $license = $client->licenseInfo();
        self::assertResult(LicenseInfo::class, $license);
        self::assertSame(self::COMPANY, $license->customer->company);
        $products = array_column($license->products, null, 'id');
        self::assertTrue($products[self::TELEGRAM_PRODUCT]->isTrial);
        self::assertGreaterThan(time(), $products[self::TELEGRAM_PRODUCT]->expiresAt);
        self::assertContains(self::TELEGRAM, array_column($products[self::TELEGRAM_PRODUCT]->features, 'id'));

        $unknown = $client->licenseInfo('MIKO-AAAAA-BBBBB-CCCCC-DDDDD');
        self::assertRefused(Code::KeyUnknown, $unknown);
    }

    public function testManyFeaturesAreAskedAboutAndExplained(): void
    {
        $client = $this->registered();
        $verdicts = $client->checkMany([self::MIKOPBX, self::CRM]);
        self::assertSame([self::MIKOPBX => true, self::CRM => false], array_map(
            static fn ($verdict): bool => $verdict->mayRun(),
            $verdicts,
        ));

        $features = $client->features();
        self::assertIsArray($features);
        self::assertContains(self::MIKOPBX, array_map(static fn ($feature) => $feature->verdict->feature, $features));

        $explanation = $client->explain(self::CRM);
        self::assertResult(Explanation::class, $explanation);
        self::assertSame(Code::NoLicense, $explanation->verdict->knownCode());
        self::assertSame('verdict', array_column($explanation->facts, 'kind')[count($explanation->facts) - 1]);
    }

    public function testMetricsAreSentAndTheServerIsAskedAgain(): void
    {
        $client = $this->registered();
        $sent = $client->sendMetrics(['PBXname' => 'MikoPBX@2026.1', 'CountSipExtensions' => 12]);
        self::assertResult(Done::class, $sent);
        $checked = $client->recheck();
        self::assertResult(Done::class, $checked);
        self::assertResult(Done::class, $client->reset());
        self::assertSame(Code::KeyError, $client->check(self::MIKOPBX)->knownCode());
    }

    public function testAWatcherIsToldOfATrial(): void
    {
        $client = $this->registered();
        $watch = $client->watch(beat: 10.0);
        self::assertTrue($watch->current()->whole);
        self::assertTrue($watch->current()->of(self::MIKOPBX)->mayRun());
        $client->addTrial(self::TELEGRAM_PRODUCT);
        $client->ensure(self::TELEGRAM);
        do {
            $watch->next();
            self::assertNotNull($watch->current(), 'there was to be a change');
        } while ($watch->current()->of(self::TELEGRAM)?->mayRun() !== true);

        $this->host->kill('licensed');
        while ($watch->valid()) {
            $watch->next();
        }
        self::assertSame(FailureKind::Unreachable, $watch->getReturn()->kind);
    }

    public function testADaemonThatWasKilledAndStartedAgainIsAskedWithoutAnError(): void
    {
        $client = $this->registered();
        $this->host->kill('licensed');
        $away = $client->check(self::MIKOPBX);
        self::assertSame([FailureKind::Unreachable, true], [$away->failure->kind, $away->mayRun()]);
        for ($round = 0; $round < 3; $round++) {
            $this->host->startDaemon();
            self::assertSame(VerdictKind::Granted, $client->check(self::MIKOPBX)->kind);
            self::assertResult(Done::class, $client->recheck());
            $this->host->kill('licensed');
        }
    }

    public function testADaemonThatHangsIsNoNoAndItsLateAnswerIsNotMistaken(): void
    {
        $client = $this->registered();
        $hurried = new Client($this->host->socket);
        self::assertTrue($hurried->check(self::MIKOPBX)->mayRun());
        $this->host->freeze('licensed');
        try {
            $start = hrtime(true);
            $verdict = $hurried->check(self::CRM);
            $seconds = (hrtime(true) - $start) / 1e9;
        } finally {
            $this->host->thaw('licensed');
        }
        self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
        self::assertSame([FailureKind::TimedOut, true], [$verdict->failure->kind, $verdict->mayRun()]);
        self::assertGreaterThan(0.9, $seconds);
        self::assertLessThan(1.5, $seconds);
        $after = $client->check(self::MIKOPBX);
        self::assertSame(VerdictKind::Granted, $after->kind, $after->message);
    }

    public function testWithoutALicenseServerWhatIsHeldRunsOn(): void
    {
        $client = $this->registered();
        $this->host->kill('license-server');
        $failure = $client->recheck();
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame([FailureKind::NoAnswer, true], [$failure->kind, $failure->knownCode()->isNoAnswer()]);
        $held = $client->check(self::MIKOPBX);
        self::assertSame([VerdictKind::Granted, Basis::Offline], [$held->kind, $held->basis]);
        self::assertFalse($client->ping()->answers());
    }

    private function registered(): Client
    {
        $client = $this->host->client();
        $registered = $client->register(self::COMPANY, 'office@romashka.example', 'Иван Петров');
        self::assertResult(Registered::class, $registered);
        return $client;
    }

    /**
     * @param class-string $class
     */
    private static function assertResult(string $class, object $result): void
    {
        self::assertInstanceOf($class, $result, $result instanceof Failure ? (string) $result : '');
    }

    private static function assertRefused(Code $code, mixed $result): void
    {
        self::assertInstanceOf(Failure::class, $result);
        self::assertSame([FailureKind::Refused, $code], [$result->kind, $result->knownCode()], (string) $result);
    }
}
