<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Captured;
use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Code;
use MikoPBX\Licensed\Done;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\LicenseInfo;
use MikoPBX\Licensed\Ping;
use MikoPBX\Licensed\Registered;
use MikoPBX\Licensed\Stage;
use MikoPBX\Licensed\State;
use MikoPBX\Licensed\Status;
use MikoPBX\Licensed\VerdictKind;

/**
 * The golden messages of this repository: what the daemon's own tests take for the protocol.
 */
final class GoldenTest extends Scripted
{
    private const FRAMES = __DIR__ . '/../../../tests/golden/frames';

    /**
     * @dataProvider requests
     */
    public function testARequestIsTheGoldenOne(string $name, callable $ask): void
    {
        $daemon = $this->answering(['error' => ['kind' => 'busy', 'code' => null, 'message' => '']]);
        $ask(self::client($daemon));
        $sent = array_map(static fn (string $json) => json_decode($json, true), $daemon->requests());
        self::assertEquals([self::golden("request-$name")], $sent);
    }

    public static function requests(): array
    {
        return [
            ['check', fn (Client $client) => $client->check(45)],
            ['check-holder', fn (Client $client) => $client->check(48, 'DOMAIN\\иванов')],
            ['check_many', fn (Client $client) => $client->checkMany([33, 45])],
            ['ensure', fn (Client $client) => $client->ensure(45)],
            ['capture', fn (Client $client) => $client->capture(45)],
            ['capture-holder', fn (Client $client) => $client->capture(48, 'DOMAIN\\иванов', reclaim: true)],
            ['release', fn (Client $client) => $client->release('s-7f3a')],
            ['status', fn (Client $client) => $client->status()],
            ['license_info', fn (Client $client) => $client->licenseInfo()],
            ['license_info-key', fn (Client $client) => $client->licenseInfo('MIKO-AB1CD-EF2GH-IJ3KL-MN4OP')],
            [
                'register',
                fn (Client $client) => $client->register(
                    'ООО «Ромашка»',
                    'ivanova@romashka.example',
                    'Анна Иванова',
                    '+7 495 000-00-00',
                ),
            ],
            ['activate', fn (Client $client) => $client->activate('MIKO-AB1CD-EF2GH-IJ3KL-MN4OP')],
            [
                'activate_coupon',
                fn (Client $client) => $client->activateCoupon('MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP'),
            ],
            ['add_trial', fn (Client $client) => $client->addTrial(81)],
            ['reset', fn (Client $client) => $client->reset()],
            ['recheck', fn (Client $client) => $client->recheck()],
            ['watch', fn (Client $client) => $client->watch()->current()],
            ['features', fn (Client $client) => $client->features()],
            ['explain', fn (Client $client) => $client->explain(45)],
            [
                'send_metrics',
                fn (Client $client) => $client->sendMetrics(['CountSipExtensions' => '12', 'PBXname' => 'MikoPBX']),
            ],
            ['ping', fn (Client $client) => $client->ping()],
        ];
    }

    /**
     * @dataProvider entitlements
     */
    public function testAGoldenEntitlementIsRead(string $name, VerdictKind $kind, ?int $code, bool $mayRun): void
    {
        $verdict = self::client($this->answering(self::golden("answer-entitlement-$name")))->check(45);
        self::assertNull($verdict->failure);
        self::assertSame([$kind, $code, $mayRun], [$verdict->kind, $verdict->code, $verdict->mayRun()]);
    }

    public static function entitlements(): array
    {
        return [
            ['granted', VerdictKind::Granted, null, true],
            ['offline', VerdictKind::Granted, null, true],
            ['denied', VerdictKind::Denied, 2008, false],
            ['indeterminate', VerdictKind::Indeterminate, 2009, false],
        ];
    }

    /**
     * @dataProvider states
     */
    public function testAGoldenStatusIsRead(string $state): void
    {
        $status = self::client($this->answering(self::golden("answer-status-$state")))->status();
        self::assertInstanceOf(Status::class, $status);
        self::assertSame($state, $status->state->value);
    }

    public static function states(): array
    {
        return [['unregistered'], ['fresh'], ['offline'], ['lapsed'], ['refused'], ['recovering'],
            ['registering'], ['host_changed'], ['pending'], ['draining']];
    }

    /**
     * @dataProvider pings
     */
    public function testAGoldenPingIsRead(string $name, ?Stage $stage, ?int $code): void
    {
        $ping = self::client($this->answering(self::golden("answer-$name")))->ping();
        self::assertInstanceOf(Ping::class, $ping);
        self::assertSame(['https://license.example', 42, 3], [$ping->server, $ping->tookMs, $ping->age]);
        self::assertSame([$stage, $code], [$ping->failure?->stage, $ping->failure?->code]);
        self::assertSame($stage === null, $ping->answers());
    }

    public static function pings(): array
    {
        return [
            ['ping', null, null],
            ['ping-lookup', Stage::Lookup, 1011],
            ['ping-connect', Stage::Connect, 1012],
            ['ping-tls', Stage::Tls, 1013],
            ['ping-answer', Stage::Answer, 1014],
        ];
    }

    public function testTheGoldenEntitlementsAreReadByFeature(): void
    {
        $answer = self::golden('answer-entitlements');
        $answer['entitlements'][0]['feature'] = 33;
        $verdicts = self::client($this->answering($answer))->checkMany([33, 45, 33]);
        self::assertSame([33, 45], array_keys($verdicts));
        self::assertSame([33, true], [$verdicts[33]->feature, $verdicts[33]->mayRun()]);
        self::assertSame([Code::NoLicense, false], [$verdicts[45]->knownCode(), $verdicts[45]->mayRun()]);
    }

    public function testTheGoldenLicenseIsRead(): void
    {
        $license = self::client($this->answering(self::golden('answer-license_info')))->licenseInfo();
        self::assertInstanceOf(LicenseInfo::class, $license);
        self::assertSame('MIKO-*****-*****-*****-MN4OP', $license->number);
        self::assertSame(['ООО «Ромашка»', 'Анна Иванова', 'i***@romashka.example', ''], [
            $license->customer->company,
            $license->customer->contact,
            $license->customer->email,
            $license->customer->phone,
        ]);
        self::assertSame(1_800_000_000, $license->asOf);
        [$product] = $license->products;
        self::assertSame([81, 'amoCRM', true, 1_802_592_000], [
            $product->id,
            $product->name,
            $product->isTrial,
            $product->expiresAt,
        ]);
        [$feature] = $product->features;
        self::assertSame([45, 'amoCRM module'], [$feature->id, $feature->name]);
        self::assertSame([3, 1], [$feature->seats->total, $feature->seats->captured]);
    }

    public function testTheGoldenRegistrationIsRead(): void
    {
        $daemon = $this->answering(self::golden('answer-registered'));
        $registered = self::client($daemon)->register('Company', 'e@mail.example', 'Contact');
        self::assertInstanceOf(Registered::class, $registered);
        self::assertSame('MIKO-AB1CD-EF2GH-IJ3KL-MN4OP', $registered->number);
    }

    /**
     * @dataProvider changes
     */
    public function testWhatIsDoneSaysSo(callable $call): void
    {
        $done = $call(self::client($this->answering(self::golden('answer-done'))));
        self::assertInstanceOf(Done::class, $done);
        self::assertSame('This host is bound to the number.', $done->message);
        self::assertSame(['No seat of feature 33 is free.'], $done->warnings);
    }

    public static function changes(): array
    {
        return [
            'activate' => [fn (Client $client) => $client->activate('MIKO-AB1CD-EF2GH-IJ3KL-MN4OP')],
            'coupon' => [fn (Client $client) => $client->activateCoupon('MIKOUPD-AB1CD-EF2GH-IJ3KL-MN4OP')],
            'trial' => [fn (Client $client) => $client->addTrial(81)],
            'reset' => [fn (Client $client) => $client->reset()],
            'recheck' => [fn (Client $client) => $client->recheck()],
        ];
    }

    public function testTheGoldenCaptureAndReleaseAreRead(): void
    {
        $daemon = $this->answering(self::golden('answer-captured'));
        $captured = self::client($daemon)->capture(45);
        self::assertInstanceOf(Captured::class, $captured);
        self::assertSame('s-7f3a', $captured->session);
        $daemon = $this->answering(self::golden('answer-done'));
        self::assertInstanceOf(Done::class, self::client($daemon)->release('s-7f3a'));
    }

    public function testAGoldenChangeIsRead(): void
    {
        $daemon = $this->answering(self::golden('answer-change-whole'));
        $change = self::client($daemon)->watch()->current();
        self::assertSame([true, false, false], [$change->whole, $change->missed, $change->more]);
        self::assertSame([State::Fresh, null], [$change->state, $change->code]);
        self::assertCount(2, $change->verdicts);
        self::assertTrue($change->of(45)->mayRun());
    }

    public function testGoldenPagesOfFeaturesAreReadToTheLast(): void
    {
        $page = self::golden('answer-features');
        $last = $page;
        $last['features']['next'] = null;
        $daemon = $this->answering($page, $last);
        $features = self::client($daemon)->features();
        self::assertSame(['amoCRM module', 'amoCRM module'], array_column($features, 'name'));
        self::assertSame(45, $features[1]->verdict->feature);
        $second = json_decode($daemon->requests()[1], true);
        self::assertSame(self::golden('request-features-next'), $second);
    }

    public function testAGoldenExplanationIsRead(): void
    {
        $explanation = self::client($this->answering(self::golden('answer-explanation')))->explain(45);
        self::assertSame(2008, $explanation->verdict->code);
        self::assertSame(
            ['number', 'statement', 'feature', 'verdict'],
            array_column($explanation->facts, 'kind'),
        );
        self::assertSame([1_800_000_000, null], [$explanation->facts[1]->at, $explanation->facts[1]->code]);
    }

    /**
     * @dataProvider errors
     */
    public function testAGoldenErrorIsReadByItsKind(FailureKind $kind): void
    {
        $failure = self::client($this->answering(self::golden("answer-error-$kind->value")))->capture(45);
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame($kind, $failure->kind);
    }

    public static function errors(): array
    {
        $kinds = array_filter(FailureKind::cases(), static fn (FailureKind $kind): bool => !$kind->isLocal());
        return array_map(static fn (FailureKind $kind): array => [$kind], array_values($kinds));
    }

    public function testEveryCodeOfTheProgramsIsKnown(): void
    {
        $source = file_get_contents(__DIR__ . '/../../../crates/license-types/src/code.rs');
        preg_match_all('/: Self = Self\((\d+)\);/', $source, $codes);
        self::assertSame(array_map(intval(...), $codes[1]), array_column(Code::cases(), 'value'));
    }

    private static function golden(string $name): mixed
    {
        return json_decode(file_get_contents(self::FRAMES . "/$name.json"), true, 16, JSON_THROW_ON_ERROR);
    }
}
