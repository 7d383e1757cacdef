<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

/**
 * A worker of PHP-FPM, which serves one request after the other.
 */
final class FpmTest extends Scripted
{
    private Fpm $fpm;

    protected function setUp(): void
    {
        $this->fpm = new Fpm();
    }

    protected function tearDown(): void
    {
        $this->fpm->stop();
        parent::tearDown();
    }

    public function testTheRequestsOfAWorkerUseOneConnection(): void
    {
        $daemon = $this->answering(self::granted(), self::denied(46), self::granted());
        $answers = array_map(fn (int $feature): array => $this->check($daemon->socket, $feature), [45, 46, 45]);
        self::assertSame(['granted', 'denied', 'granted'], array_column($answers, 'verdict'));
        self::assertCount(1, array_unique(array_column($answers, 'pid')));
        self::assertSame(1, $daemon->connections());
    }

    public function testAWorkerConnectsAnewAfterTheDaemonHungUp(): void
    {
        $grants = [self::READ, self::send(self::frame(self::granted()))];
        $daemon = $this->daemon($grants, [...$grants, self::HOLD]);
        self::assertSame('granted', $this->check($daemon->socket, 45)['verdict']);
        $daemon->await('closed');
        self::assertSame('granted', $this->check($daemon->socket, 45)['verdict']);
        self::assertCount(2, $daemon->requests());
    }

    public function testASocketThatWasRemovedIsADaemonThatIsNotThere(): void
    {
        $daemon = $this->answering(self::granted(), self::granted());
        self::assertSame('granted', $this->check($daemon->socket, 45)['verdict']);
        unlink($daemon->socket);
        $answer = $this->check($daemon->socket, 45);
        self::assertSame('indeterminate', $answer['verdict']);
        self::assertStringContainsString('There is no socket', $answer['message']);
    }

    public function testARequestThatIsEndedInTheMiddleOfACallPoisonsNothing(): void
    {
        $long = self::granted();
        $long['entitlement']['message'] = str_repeat('x', 1_000_000);
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(self::granted())), self::READ, self::drip(self::frame($long), 0)],
            [self::READ, self::send(self::frame(self::denied(46))), self::HOLD],
        );
        $before = $this->check($daemon->socket, 45);
        $query = ['socket' => $daemon->socket, 'feature' => 45, 'act' => 'burn', 'timeout' => '100'];
        $ended = $this->fpm->get($query);
        self::assertStringContainsString('Maximum execution time', $ended);
        self::assertStringContainsString('/src/', $ended, 'it is to end in the middle of the call');
        self::assertCount(2, $daemon->requests());
        $after = $this->check($daemon->socket, 46);
        self::assertSame([$before['pid'], 'denied'], [$after['pid'], $after['verdict']], $after['message']);
    }

    public function testWhatAnEndedRequestIsStillOwedIsNotGivenToTheNext(): void
    {
        $granted = self::send(self::frame(self::granted()));
        $daemon = $this->daemon(
            [self::READ, $granted, self::READ, self::wait(300), $granted, self::READ],
            [self::READ, self::send(self::frame(self::denied())), self::HOLD],
        );
        $before = $this->check($daemon->socket, 45);
        $this->fpm->get(['socket' => $daemon->socket, 'feature' => 45, 'act' => 'owe']);
        $after = $this->check($daemon->socket, 45);
        self::assertSame([$before['pid'], 'denied'], [$after['pid'], $after['verdict']], $after['message']);
    }

    public function testAWorkerAsksTheRealDaemonThroughItsRestartsAndHangs(): void
    {
        $host = new RealHost();
        try {
            $host->client()->register('Company', 'office@company.example', 'Contact');
            self::assertSame('granted', $this->check($host->socket, 33)['verdict']);
            $host->kill('licensed');
            self::assertSame('indeterminate', $this->check($host->socket, 33)['verdict']);
            $host->startDaemon();
            self::assertSame('granted', $this->check($host->socket, 33)['verdict']);
            $host->kill('licensed');
            $host->startDaemon();
            self::assertSame('granted', $this->check($host->socket, 33)['verdict']);

            $host->freeze('licensed');
            $hung = $this->fpm->get(['socket' => $host->socket, 'feature' => 33, 'timeout' => '0.3']);
            self::assertSame('indeterminate', json_decode($hung, true)['verdict']);
            $host->thaw('licensed');
            self::assertSame('denied', $this->check($host->socket, 45)['verdict']);
            self::assertSame('granted', $this->check($host->socket, 33)['verdict']);
        } finally {
            $host->stop();
        }
    }

    /**
     * @return array{pid: int, verdict: string, message: string}
     */
    private function check(string $socket, int $feature): array
    {
        $output = $this->fpm->get(['socket' => $socket, 'feature' => $feature]);
        return json_decode($output, true) ?? self::fail($output);
    }
}
