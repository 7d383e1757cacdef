<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use Generator;
use InvalidArgumentException;
use MikoPBX\Licensed\Change;
use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\State;

/**
 * What changes, as it changes.
 */
final class WatchTest extends Scripted
{
    private static function change(bool $whole, array ...$entitlements): string
    {
        return self::frame(['change' => [
            'whole' => $whole,
            'missed' => false,
            'more' => false,
            'state' => 'fresh',
            'code' => null,
            'message' => 'Bound.',
            'entitlements' => array_column($entitlements, 'entitlement'),
        ]]);
    }

    /**
     * @return array{list<?Change>, Failure} what was told, and why it ended
     */
    private static function heard(Generator $watch): array
    {
        $changes = [];
        foreach ($watch as $change) {
            $changes[] = $change;
        }
        return [$changes, $watch->getReturn()];
    }

    public function testEveryChangeComesAndAtLastWhyItEnded(): void
    {
        $draining = self::frame(['error' => ['kind' => 'draining', 'code' => null, 'message' => 'Stopping.']]);
        $daemon = $this->daemon([
            self::READ,
            self::send(self::change(true, self::granted(), self::denied(46))),
            self::send(self::change(false, self::denied())),
            self::send($draining),
        ]);
        [$changes, $failure] = self::heard(self::client($daemon)->watch());
        self::assertSame([true, false], array_map(static fn (Change $change): bool => $change->whole, $changes));
        self::assertTrue($changes[0]->of(45)->mayRun());
        self::assertSame(2008, $changes[0]->of(46)->code);
        self::assertFalse($changes[1]->of(45)->mayRun());
        self::assertNull($changes[1]->of(46));
        self::assertSame(State::Fresh, $changes[1]->state);
        self::assertSame(FailureKind::Draining, $failure->kind);
        self::assertSame(['"watch"'], $daemon->requests());
    }

    public function testSilenceIsToldWhereItIsAskedFor(): void
    {
        $daemon = $this->daemon([
            self::READ,
            self::send(self::change(true)),
            self::wait(250),
            self::drip(self::change(false), 2),
        ]);
        [$changes, $failure] = self::heard(self::client($daemon)->watch(0.1));
        self::assertInstanceOf(Change::class, $changes[0]);
        self::assertNull($changes[1]);
        self::assertCount(2, array_filter($changes), 'what comes in pieces is whole');
        self::assertSame(FailureKind::Unreachable, $failure->kind);
    }

    public function testADaemonThatGoesAwayBeforeTheFirstAnswerIsAskedOnceMore(): void
    {
        $daemon = $this->daemon([self::READ], [self::READ, self::send(self::change(true))]);
        [$changes, $failure] = self::heard(self::client($daemon)->watch());
        self::assertCount(1, $changes);
        self::assertSame(FailureKind::Unreachable, $failure->kind);
        self::assertCount(2, $daemon->requests());
    }

    public function testAnEndInsideAChangeAndAnotherAnswerEndTheWatch(): void
    {
        $cut = $this->daemon([self::READ, self::send(self::change(true) . "\0\0\0\x09\x01")]);
        [$changes, $failure] = self::heard(self::client($cut)->watch());
        self::assertCount(1, $changes);
        self::assertStringContainsString('in the middle', $failure->message);

        $other = $this->daemon([self::READ, self::send(self::change(true) . self::frame(self::granted()))]);
        [, $failure] = self::heard(self::client($other)->watch());
        self::assertSame(FailureKind::Protocol, $failure->kind);
    }

    public function testAWatchHasAConnectionOfItsOwn(): void
    {
        $daemon = $this->daemon(
            [self::READ, self::send(self::change(true)), self::READ],
            [self::READ, self::send(self::frame(self::granted())), self::HOLD],
        );
        $client = self::client($daemon);
        $watch = $client->watch();
        self::assertTrue($watch->current()->whole);
        unset($watch);
        self::assertTrue($client->check(45)->mayRun());
        self::assertSame(2, $daemon->connections());
    }

    public function testWithoutADaemonTheWatchEndsAtOnce(): void
    {
        [$changes, $failure] = self::heard((new Client('/nonexistent/licensed.sock'))->watch());
        self::assertSame([[], FailureKind::Unreachable], [$changes, $failure->kind]);
    }

    public function testABeatIsATime(): void
    {
        $this->expectException(InvalidArgumentException::class);
        (new Client('/nonexistent/licensed.sock'))->watch(0.0);
    }
}
