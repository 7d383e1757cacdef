<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use InvalidArgumentException;
use MikoPBX\Licensed\Basis;
use MikoPBX\Licensed\Captured;
use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Done;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\State;
use MikoPBX\Licensed\Status;
use MikoPBX\Licensed\VerdictKind;

/**
 * What the daemon says, as the caller gets it.
 */
final class ClientTest extends Scripted
{
    public function testAGrantedFeatureMayRunAndSaysWhatItRestsOn(): void
    {
        $daemon = $this->answering(self::granted());
        $verdict = self::client($daemon)->check(45);
        self::assertSame(VerdictKind::Granted, $verdict->kind);
        self::assertTrue($verdict->mayRun());
        self::assertNull($verdict->code);
        self::assertSame([45, 81], [$verdict->feature, $verdict->product]);
        self::assertSame(1_800_000_000, $verdict->until);
        self::assertSame(Basis::Fresh, $verdict->basis);
        self::assertNull($verdict->since);
        self::assertSame('seat-1', $verdict->session);
        self::assertSame([5, 2, true], [
            $verdict->seats->total,
            $verdict->seats->captured,
            $verdict->seats->isFree(),
        ]);
        self::assertSame([1_790_000_000, null], [$verdict->lastAnswer, $verdict->nextCheck]);
        self::assertNull($verdict->failure);
    }

    public function testAFeatureGrantedOfflineSaysSinceWhen(): void
    {
        $basis = ['offline' => ['since' => 1_750_000_000]];
        $daemon = $this->answering(self::entitlement(['granted' => ['until' => 1_800_000_000, 'basis' => $basis]]));
        $verdict = self::client($daemon)->check(45);
        self::assertTrue($verdict->mayRun());
        self::assertSame(Basis::Offline, $verdict->basis);
        self::assertSame(1_750_000_000, $verdict->since);
    }

    public function testADeniedFeatureMayNotRunAndSaysWhy(): void
    {
        $daemon = $this->answering(self::denied());
        $verdict = self::client($daemon)->check(45);
        self::assertSame(VerdictKind::Denied, $verdict->kind);
        self::assertFalse($verdict->mayRun());
        self::assertSame(2008, $verdict->code);
        self::assertSame('(2008) There is no license for this feature.', $verdict->message);
        self::assertNull($verdict->seats);
    }

    /**
     * @dataProvider bothReadings
     */
    public function testWhereNobodyKnowsTheDaemonSaysWhetherToGoOn(int $code, bool $mayRun): void
    {
        $says = ['indeterminate' => ['code' => $code, 'since' => 1_760_000_000, 'may_run' => $mayRun]];
        $daemon = $this->answering(self::entitlement($says));
        $verdict = self::client($daemon)->check(45);
        self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
        self::assertSame($mayRun, $verdict->mayRun());
        self::assertSame($code, $verdict->code);
        self::assertSame(1_760_000_000, $verdict->since);
        self::assertNull($verdict->failure);
    }

    public static function bothReadings(): array
    {
        return ['no number yet' => [2009, false], 'lapsed a day ago' => [1012, true]];
    }

    public function testCallsShareOneConnectionInVersionOneAndJson(): void
    {
        $captured = ['captured' => ['session' => 'seat-1', ...self::granted(46)]];
        $daemon = $this->answering(
            self::granted(33),
            self::granted(46),
            self::granted(45),
            $captured,
        );
        $client = self::client($daemon);
        $client->check(33);
        $client->check(46, 'DOMAIN\\иванов');
        $client->ensure(45);
        $client->capture(46, 'anna', reclaim: true);
        self::assertSame([
            'connection',
            '1 1 {"check":{"feature":33,"holder":null}}',
            '1 1 {"check":{"feature":46,"holder":"DOMAIN\\\\иванов"}}',
            '1 1 {"ensure":{"feature":45}}',
            '1 1 {"capture":{"feature":46,"holder":"anna","reclaim":true}}',
        ], $daemon->log());
    }

    public function testMetricsMayBeNumbers(): void
    {
        $daemon = $this->answering(['done' => ['message' => '', 'warnings' => []]]);
        $metrics = ['CountSipExtensions' => 12, 'PBXname' => 'MikoPBX'];
        self::assertInstanceOf(Done::class, self::client($daemon)->sendMetrics($metrics));
        $sent = '{"send_metrics":{"metrics":{"CountSipExtensions":"12","PBXname":"MikoPBX"}}}';
        self::assertSame([$sent], $daemon->requests());
    }

    public function testToCheckNothingIsToAskNothing(): void
    {
        $daemon = $this->answering();
        self::assertSame([], self::client($daemon)->checkMany([]));
        self::assertSame([], $daemon->log());
    }

    public function testACodeThatThisPackageDoesNotKnowArrivesAsItsNumber(): void
    {
        $error = ['kind' => 'refused', 'code' => 2999, 'message' => 'Something new.'];
        $failure = self::client($this->answering(['error' => $error]))->addTrial(81);
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame([2999, null], [$failure->code, $failure->knownCode()]);
        self::assertSame('(2999) Something new.', (string) $failure);
    }

    public function testASeatThatWasTakenComesWithItsSession(): void
    {
        $daemon = $this->answering(['captured' => ['session' => 'seat-7', ...self::granted(48)]]);
        $captured = self::client($daemon)->capture(48);
        self::assertInstanceOf(Captured::class, $captured);
        self::assertSame('seat-7', $captured->session);
        self::assertTrue($captured->verdict->mayRun());
    }

    public function testARefusedCaptureIsAFailureWithItsCode(): void
    {
        $error = ['kind' => 'refused', 'code' => 2008, 'message' => 'No seat is free.'];
        $failure = self::client($this->answering(['error' => $error]))->capture(48);
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame(FailureKind::Refused, $failure->kind);
        self::assertSame(2008, $failure->code);
        self::assertSame('No seat is free.', $failure->message);
        self::assertSame('(2008) No seat is free.', (string) $failure);
    }

    public function testAReleaseThatWentWellSaysSo(): void
    {
        $done = ['message' => 'The seat is free.', 'warnings' => ['The license server is told later.']];
        $released = self::client($this->answering(['done' => $done]))->release('seat-7');
        self::assertInstanceOf(Done::class, $released);
        self::assertSame('The seat is free.', $released->message);
        self::assertSame(['The license server is told later.'], $released->warnings);
    }

    public function testTheStatusIsReadWhole(): void
    {
        $daemon = $this->answering(['status' => [
            'version' => '0.1.0',
            'state' => 'offline',
            'number' => 'MIKO-*****-*****-*****-MN4OP',
            'company' => 'ООО Ромашка',
            'server' => 'https://lic.example.com',
            'code' => 1012,
            'message' => 'The license server is away.',
            'serial' => 12,
            'last_answer' => 1_790_000_000,
            'last_failure' => ['code' => 1012, 'message' => 'refused', 'at' => 1_790_000_100],
            'next_check' => 1_790_000_200,
            'honoured_until' => 1_792_000_000,
            'warnings' => ['The disk is full.'],
        ]]);
        $status = self::client($daemon)->status();
        self::assertInstanceOf(Status::class, $status);
        self::assertSame(['"status"'], $daemon->requests());
        self::assertSame(State::Offline, $status->state);
        self::assertSame('ООО Ромашка', $status->company);
        self::assertSame([1012, 1_790_000_100], [$status->lastFailure->code, $status->lastFailure->at]);
        self::assertSame([12, 1_790_000_000], [$status->serial, $status->lastAnswer]);
        self::assertSame([1_790_000_200, 1_792_000_000], [$status->nextCheck, $status->honouredUntil]);
        self::assertSame(['The disk is full.'], $status->warnings);
    }

    public function testAnUnregisteredDaemonHasAStatusToo(): void
    {
        $none = ['number', 'company', 'server', 'serial', 'last_answer', 'last_failure', 'next_check'];
        $daemon = $this->answering(['status' => [
            ...array_fill_keys($none, null),
            'version' => '0.1.0',
            'state' => 'unregistered',
            'code' => 2009,
            'message' => 'There is no registration number on this host.',
            'honoured_until' => null,
            'warnings' => [],
        ]]);
        $status = self::client($daemon)->status();
        self::assertInstanceOf(Status::class, $status);
        self::assertSame(State::Unregistered, $status->state);
        self::assertNull($status->lastFailure);
    }

    public function testFieldsOfANewerDaemonAreIgnored(): void
    {
        $answer = self::granted();
        $answer['entitlement']['colour'] = 'green';
        $answer['entitlement']['verdict']['granted']['grade'] = 3;
        self::assertTrue(self::client($this->answering($answer))->check(45)->mayRun());
    }

    /**
     * @dataProvider impossibleArguments
     */
    public function testArgumentsThatNoDaemonCouldAnswerAreThrownBack(callable $call): void
    {
        $daemon = $this->answering();
        $this->expectException(InvalidArgumentException::class);
        try {
            $call(self::client($daemon), $daemon->socket);
        } finally {
            self::assertSame([], $daemon->log());
        }
    }

    public static function impossibleArguments(): array
    {
        return [
            'feature 0' => [fn (Client $client) => $client->check(0)],
            'a negative feature' => [fn (Client $client) => $client->ensure(-1)],
            'a feature over 32 bits' => [fn (Client $client) => $client->capture(4_294_967_296)],
            'a feature in quotes' => [fn (Client $client) => $client->checkMany([33, '45'])],
            'more features than an answer holds' => [fn (Client $client) => $client->checkMany(range(1, 1001))],
            'a metric that is no text' => [fn (Client $client) => $client->sendMetrics(['DMI' => ['a', 'b']])],
            'a trusted user that is no number' => [
                fn (Client $client, string $socket) => new Client($socket, trustedUids: ['root']),
            ],
            'product 0' => [fn (Client $client) => $client->addTrial(0)],
            'a number that is no UTF-8' => [fn (Client $client) => $client->activate("\xff")],
            'an empty holder' => [fn (Client $client) => $client->check(46, '')],
            'a holder of two lines' => [fn (Client $client) => $client->check(46, "anna\n")],
            'a holder that is too long' => [fn (Client $client) => $client->check(46, str_repeat('x', 257))],
            'a holder that is no UTF-8' => [fn (Client $client) => $client->check(46, "\xff")],
            'a session that is no UTF-8' => [fn (Client $client) => $client->release("\xff")],
            'a session of 64 KiB' => [fn (Client $client) => $client->release(str_repeat('x', 65_536))],
            'no socket' => [fn () => new Client('')],
            'a socket path that would be cut' => [fn () => new Client('/' . str_repeat('x', 107))],
            'no time' => [fn (Client $client, string $socket) => new Client($socket, timeout: 0.0)],
            'no number of seconds' => [fn (Client $client, string $socket) => new Client($socket, timeout: NAN)],
        ];
    }
}
