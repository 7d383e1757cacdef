<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\VerdictKind;

/**
 * One connection for a process, and to whom.
 */
final class ConnectionTest extends Scripted
{
    public function testTheClientsOfAProcessShareItsConnection(): void
    {
        $daemon = $this->answering(self::granted(), self::denied(46));
        self::assertTrue(self::client($daemon)->check(45)->mayRun());
        self::assertFalse(self::client($daemon)->check(46)->mayRun());
        self::assertSame(1, $daemon->connections());
    }

    public function testWhoWantsNoneKeptGetsANewOneForEachCall(): void
    {
        $grants = [self::READ, self::send(self::frame(self::granted())), self::HOLD];
        $daemon = $this->daemon($grants, $grants);
        $client = new Client($daemon->socket, 10, 10, persistent: false);
        self::assertTrue($client->check(45)->mayRun());
        self::assertTrue($client->check(45)->mayRun());
        self::assertSame(2, $daemon->connections());
    }

    public function testAfterAnEndOfTheDaemonNothingIsSentInVain(): void
    {
        $grants = [self::READ, self::send(self::frame(self::granted()))];
        $daemon = $this->daemon([...$grants, ['mute'], self::READ], [...$grants, self::HOLD]);
        $client = self::client($daemon);
        self::assertTrue($client->check(45)->mayRun());
        $daemon->await('mute');
        self::assertTrue($client->check(45)->mayRun());
        self::assertSame([2, 2], [$daemon->connections(), count($daemon->requests())]);
    }

    public function testAHandlerThatThrowsInTheMiddleOfACallPoisonsNothing(): void
    {
        $denied = self::frame(self::denied());
        $daemon = $this->daemon(
            [self::READ, self::wait(600), self::send(substr($denied, 0, 4)), self::wait(100),
                self::send(substr($denied, 4)), self::HOLD],
            [self::READ, self::send(self::frame(self::granted())), self::HOLD],
        );
        $client = self::client($daemon);
        $message = null;
        try {
            $this->signalled(static fn () => throw new \DomainException('of the program'), $client);
        } catch (\DomainException $thrown) {
            $message = $thrown->getMessage();
        }
        self::assertSame('of the program', $message);
        usleep(200_000);
        self::assertSame(VerdictKind::Granted, $client->check(45)->kind);
    }

    public function testAHandlerMayAskInTheMiddleOfACall(): void
    {
        $denied = self::frame(self::denied());
        $daemon = $this->daemon(
            [self::READ, self::wait(600), self::send(substr($denied, 0, 4)), self::wait(100),
                self::send(substr($denied, 4)), self::READ, self::send(self::frame(self::granted())), self::HOLD],
        );
        $client = self::client($daemon);
        $inner = null;
        $outer = $this->signalled(static function () use ($daemon, &$inner): void {
            // The fake daemon looks at one connection at a time, so that this one gets no answer.
            $inner = (new Client($daemon->socket, timeout: 0.2))->check(45);
        }, $client);
        self::assertSame(FailureKind::TimedOut, $inner->failure->kind);
        self::assertSame(VerdictKind::Denied, $outer->kind);
        self::assertSame(VerdictKind::Granted, $client->check(45)->kind);
        self::assertSame(1, $daemon->connections());
    }

    /**
     * @dataProvider foldersOfOthers
     */
    public function testNothingIsSaidToASocketThatAnybodyMayHavePutThere(int $mode, bool $isTrusted): void
    {
        $daemon = $this->answering(self::granted());
        chmod(dirname($daemon->socket), $mode);
        $verdict = self::client($daemon)->check(45);
        if ($isTrusted) {
            self::assertTrue($verdict->mayRun());
            self::assertNull($verdict->failure);
            return;
        }
        self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
        self::assertTrue($verdict->mayRun());
        self::assertSame(FailureKind::Untrusted, $verdict->failure->kind);
        self::assertTrue($verdict->failure->kind->isWithoutAnswer());
        self::assertStringContainsString('ls -ld ', $verdict->message);
        self::assertSame([], $daemon->requests());
    }

    public static function foldersOfOthers(): array
    {
        return [
            'writable for all' => [0o777, false],
            'writable for a group' => [0o770, false],
            'writable for all, and each has what it put there' => [0o1777, true],
            'writable for the owner' => [0o755, true],
        ];
    }

    public function testTheSocketIsThatOfAUserWhoIsTrusted(): void
    {
        $daemon = $this->answering(self::granted());
        if (posix_geteuid() !== 0) {
            self::assertTrue(self::client($daemon)->check(45)->mayRun());
            return;
        }
        $stranger = 4242;
        chown($daemon->socket, $stranger);
        $failure = self::client($daemon)->status();
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame(FailureKind::Untrusted, $failure->kind);
        self::assertSame([], $daemon->requests());
        $daemon = $this->answering(self::granted());
        chown($daemon->socket, $stranger);
        chown(dirname($daemon->socket), $stranger);
        $client = new Client($daemon->socket, 10, 10, trustedUids: [$stranger]);
        self::assertNull($client->check(45)->failure);
    }

    public function testWherePhpMayNotLookNothingIsSaidAndNothingIsWarnedOf(): void
    {
        $daemon = $this->answering(self::granted());
        $package = dirname(__DIR__);
        $program = "require '$package/autoload.php';"
            . "echo (new MikoPBX\\Licensed\\Client('$daemon->socket'))->check(45)->message;"
            . "echo (new MikoPBX\\Licensed\\Client('$daemon->socket'))->checkModule('/etc/passwd')->message;";
        $settings = ['-d', "open_basedir=$package", '-d', 'display_errors=1', '-d', 'error_reporting=-1'];
        $outputs = [1 => ['pipe', 'w'], 2 => ['redirect', 1]];
        $process = proc_open([PHP_BINARY, ...$settings, '-r', $program], $outputs, $pipes);
        $output = stream_get_contents($pipes[1]);
        proc_close($process);
        self::assertStringContainsString('open_basedir', $output);
        self::assertStringContainsString('/etc/passwd cannot be read', $output);
        self::assertStringNotContainsString('Warning', $output);
        self::assertSame([], $daemon->requests());
    }

    /** Checks feature 45, and while that waits, lets `$handler` handle a signal. */
    private function signalled(callable $handler, Client $client): mixed
    {
        pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, $handler);
        $process = proc_open(['sh', '-c', 'sleep 0.3; kill -USR1 ' . getmypid()], [], $pipes);
        try {
            return $client->check(45);
        } finally {
            proc_close($process);
            pcntl_signal(SIGUSR1, SIG_DFL);
            pcntl_async_signals(false);
        }
    }
}
