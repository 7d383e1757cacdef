<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Done;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\Status;
use MikoPBX\Licensed\Verdict;
use MikoPBX\Licensed\VerdictKind;

/**
 * A fault is never a "no", never a hang and never an exception.
 */
final class FaultTest extends Scripted
{
    public function testWithoutASocketThereIsAWordOnWhatToDo(): void
    {
        $verdict = (new Client('/nonexistent/licensed.sock'))->check(45);
        self::assertNobodyKnows(FailureKind::Unreachable, 'systemctl start licensed', $verdict);
        self::assertSame(45, $verdict->feature);
    }

    public function testASocketThatADeadDaemonLeftIsToldApart(): void
    {
        $daemon = $this->answering();
        $daemon->kill();
        $verdict = self::client($daemon)->check(45);
        self::assertNobodyKnows(FailureKind::Unreachable, 'Nobody listens at', $verdict);
    }

    public function testASocketThatMayNotBeOpenedNamesTheGroup(): void
    {
        if (!function_exists('posix_seteuid')) {
            self::markTestSkipped('needs ext-posix');
        }
        $daemon = $this->answering();
        chmod($daemon->socket, 0);
        // Under another user the classes may be out of reach: load them first.
        (new Client('/nonexistent/licensed.sock'))->check(45);
        $euid = posix_geteuid();
        if ($euid === 0) {
            posix_seteuid(posix_getpwnam('nobody')['uid']);
        }
        try {
            $user = posix_getpwuid(posix_geteuid())['name'];
            $verdict = self::client($daemon)->check(45);
        } finally {
            posix_seteuid($euid);
        }
        self::assertNobodyKnows(FailureKind::Unreachable, "usermod -aG licensed $user", $verdict);
        self::assertStringContainsString('restart a running PHP-FPM', $verdict->message);
    }

    public function testAPeerThatHangsUpTwiceIsReported(): void
    {
        $daemon = $this->daemon([self::READ], [self::READ], [self::READ]);
        $verdict = self::client($daemon)->check(45);
        self::assertNobodyKnows(FailureKind::Unreachable, 'before it answered', $verdict);
        self::assertSame(2, $daemon->connections());
    }

    /**
     * @dataProvider brokenAnswers
     */
    public function testEachKindOfBrokenAnswerHasItsOwnMessage(
        string $bytes,
        FailureKind $kind,
        string $words,
    ): void {
        $daemon = $this->daemon([self::READ, self::send($bytes)]);
        $verdict = self::client($daemon)->check(45);
        self::assertNobodyKnows($kind, $words, $verdict);
        self::assertCount(1, $daemon->requests());
    }

    public static function brokenAnswers(): array
    {
        $whole = self::frame(self::granted());
        $says = static fn (mixed $verdict): string => self::frame(self::entitlement($verdict));
        $unsupported = '{"error":{"kind":"unsupported","versions":[2],"encodings":[0,1]}}';
        $protocol = FailureKind::Protocol;
        return [
            'half a length' => [substr($whole, 0, 2), FailureKind::Unreachable, 'in the middle of its answer'],
            'a length alone' => [substr($whole, 0, 4), FailureKind::Unreachable, 'in the middle of its answer'],
            'half a frame' => [substr($whole, 0, 40), FailureKind::Unreachable, 'in the middle of its answer'],
            'an oversized length' => ["\xff\xff\xff\xff", $protocol, 'longer than 1 MiB'],
            'a byte over the limit' => [pack('N', 1_048_577), $protocol, 'longer than 1 MiB'],
            'an undersized length' => ["\0\0\0\x01\x01", $protocol, 'shorter than a frame'],
            'another version' => [self::rawFrame('{}', 9), $protocol, 'protocol version 9'],
            'the word that our version is not spoken' => [
                self::rawFrame($unsupported, 0),
                FailureKind::Unsupported,
                '(it said: {"error":{"kind":"unsupported","versions":[2],',
            ],
            'another encoding' => [self::rawFrame('{}', 1, 0), $protocol, 'in encoding 0'],
            'garbage' => [self::rawFrame("\x01\x02garbage"), $protocol, 'no JSON'],
            'JSON cut short' => [self::rawFrame('{"entitlement":{'), $protocol, 'no JSON'],
            'JSON that is too deep' => [
                self::rawFrame(str_repeat('[', 99) . str_repeat(']', 99)),
                $protocol,
                'no JSON',
            ],
            'nothing' => [self::rawFrame(''), $protocol, 'no JSON'],
            'a number' => [self::rawFrame('33'), $protocol, 'whose answer is neither'],
            'two answers in one' => [self::rawFrame('{"a":1,"b":2}'), $protocol, 'whose answer is neither'],
            'a name alone' => [self::rawFrame('"entitlement"'), $protocol, 'whose entitlement is no object'],
            'the answer to something else' => [self::frame(['done' => []]), $protocol, 'not one to check'],
            'another feature' => [self::frame(self::granted(46)), $protocol, 'about another feature'],
            'an unknown verdict' => [$says(['perhaps' => []]), $protocol, 'verdict of an unknown kind'],
            'a verdict without fields' => [$says('granted'), $protocol, 'whose verdict is no object'],
            'an unknown basis' => [$says(['granted' => ['until' => 1, 'basis' => 'hope']]), $protocol, 'unknown basis'],
            'a code in quotes' => [$says(['denied' => ['code' => '2008']]), $protocol, 'verdict.code is missing'],
            'no may_run' => [
                $says(['indeterminate' => ['code' => 1012, 'since' => 1]]),
                $protocol,
                'verdict.may_run is missing',
            ],
        ];
    }

    /**
     * @dataProvider brokenListsOfVerdicts
     */
    public function testEveryFeatureHasAVerdictWhateverComesBack(mixed $answer, FailureKind $kind): void
    {
        $verdicts = self::client($this->answering($answer))->checkMany([33, 45]);
        self::assertSame([33, 45], array_keys($verdicts));
        foreach ($verdicts as $feature => $verdict) {
            self::assertSame($feature, $verdict->feature);
            self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
            self::assertTrue($verdict->mayRun());
            self::assertSame($kind, $verdict->failure->kind);
        }
    }

    public static function brokenListsOfVerdicts(): array
    {
        $of = static fn (int ...$features): array => [
            'entitlements' => array_map(fn (int $feature) => self::granted($feature)['entitlement'], $features),
        ];
        $busy = ['error' => ['kind' => 'busy', 'code' => null, 'message' => '']];
        return [
            'an error' => [$busy, FailureKind::Busy],
            'one too few' => [$of(33), FailureKind::Protocol],
            'one too many' => [$of(33, 45, 46), FailureKind::Protocol],
            'another order' => [$of(45, 33), FailureKind::Protocol],
            'no list' => [['entitlements' => ['a' => 1]], FailureKind::Protocol],
            'a list of no objects' => [['entitlements' => [1, 2]], FailureKind::Protocol],
            'nothing' => [['entitlements' => null], FailureKind::Protocol],
        ];
    }

    /**
     * @dataProvider errorAnswers
     */
    public function testAnErrorAnswerToACheckIsNoVerdictOfTheServer(string $kind, ?int $code, bool $mayRun): void
    {
        $error = ['kind' => $kind, 'code' => $code, 'message' => 'What to do.'];
        $verdict = self::client($this->answering(['error' => $error]))->ensure(45);
        self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
        self::assertSame($code, $verdict->code);
        self::assertSame($code === null ? 'What to do.' : "($code) What to do.", $verdict->message);
        self::assertSame($mayRun, $verdict->mayRun());
        self::assertSame(FailureKind::tryFrom($kind) ?? FailureKind::Protocol, $verdict->failure->kind);
    }

    public static function errorAnswers(): array
    {
        return [
            ['malformed', null, true],
            ['too_large', null, true],
            ['unsupported', null, true],
            ['not_permitted', null, true],
            ['busy', null, true],
            ['draining', null, true],
            ['no_answer', 1012, true],
            ['overtaken', null, true],
            ['of a newer daemon', null, true],
            ['refused', 2008, false],
        ];
    }

    /**
     * @dataProvider localKinds
     */
    public function testADaemonCannotSayWhatOnlyThisSideKnows(FailureKind $kind): void
    {
        $error = ['kind' => $kind->value, 'code' => null, 'message' => 'What to do.'];
        $verdict = self::client($this->answering(['error' => $error]))->check(45);
        self::assertSame(FailureKind::Protocol, $verdict->failure->kind);
        self::assertTrue($verdict->mayRun());
    }

    public static function localKinds(): array
    {
        $kinds = array_filter(FailureKind::cases(), static fn (FailureKind $kind): bool => $kind->isLocal());
        return array_map(static fn (FailureKind $kind): array => [$kind], array_values($kinds));
    }

    public function testPagesOfFeaturesHaveAnEndWhateverTheDaemonSays(): void
    {
        $page = static fn (int $next): array => ['features' => ['features' => [], 'next' => $next]];
        $failure = self::client($this->answering($page(45), $page(46), $page(46)))->features();
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame(FailureKind::Protocol, $failure->kind);
    }

    public function testAPeerThatDripsIsCutOffAtTheOneDeadline(): void
    {
        $daemon = $this->daemon([self::READ, self::drip(self::frame(self::granted()), 100)]);
        $start = hrtime(true);
        $verdict = (new Client($daemon->socket, timeout: 0.3))->check(45);
        $seconds = (hrtime(true) - $start) / 1e9;
        self::assertNobodyKnows(FailureKind::TimedOut, 'within 0.3 s', $verdict);
        self::assertGreaterThan(0.25, $seconds);
        self::assertLessThan(3.0, $seconds);
    }

    public function testASilentPeerIsCutOffAndItsLateAnswerIsNotMistaken(): void
    {
        $late = [self::READ, self::wait(400), self::send(self::frame(self::denied())), self::HOLD];
        $daemon = $this->daemon($late, [self::READ, self::send(self::frame(self::granted())), self::HOLD]);
        $client = new Client($daemon->socket, timeout: 0.3);
        self::assertNobodyKnows(FailureKind::TimedOut, 'did not answer within', $client->check(45));
        $daemon->await('closed');
        self::assertSame(VerdictKind::Granted, $client->check(45)->kind);
        self::assertSame(2, $daemon->connections());
    }

    public function testAFullQueueIsWaitedForUpToTheDeadline(): void
    {
        $socket = sys_get_temp_dir() . '/licensed-php-' . bin2hex(random_bytes(6)) . '.sock';
        $context = stream_context_create(['socket' => ['backlog' => 0]]);
        $errno = 0;
        $error = '';
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $listener = stream_socket_server("unix://$socket", $errno, $error, $flags, $context);
        try {
            $first = stream_socket_client("unix://$socket");
            $start = hrtime(true);
            $verdict = (new Client($socket, timeout: 0.2))->check(45);
            $seconds = (hrtime(true) - $start) / 1e9;
        } finally {
            unlink($socket);
        }
        self::assertIsResource($listener);
        self::assertIsResource($first);
        self::assertNobodyKnows(FailureKind::TimedOut, 'within 0.2 s', $verdict);
        self::assertGreaterThan(0.15, $seconds);
    }

    public function testACallThatMayGoOnlineHasADeadlineOfItsOwn(): void
    {
        $client = new Client($this->daemon([self::HOLD])->socket, onlineTimeout: 0.2);
        $failure = $client->release('seat-1');
        self::assertInstanceOf(Failure::class, $failure);
        self::assertSame(FailureKind::TimedOut, $failure->kind);
    }

    public function testAnAnswerOfManyChunksIsReadWhole(): void
    {
        $answer = self::denied();
        $answer['entitlement']['message'] = str_repeat('x', 600_000);
        $verdict = self::client($this->answering($answer))->check(45);
        self::assertSame(VerdictKind::Denied, $verdict->kind);
        self::assertSame(600_000, strlen($verdict->message));
    }

    /**
     * @dataProvider repeatable
     */
    public function testWhatChangesNothingIsRepeatedOnceAfterAnEof(callable $call, array $answer): void
    {
        $daemon = $this->daemon([self::READ], [self::READ, self::send(self::frame($answer)), self::HOLD]);
        self::assertNotInstanceOf(Failure::class, $call(self::client($daemon)));
        [$first, $second] = $daemon->requests();
        self::assertSame($first, $second);
        self::assertSame(2, $daemon->connections());
    }

    public static function repeatable(): array
    {
        $status = ['version' => '1', 'state' => 'fresh', 'message' => '', 'warnings' => []];
        $captured = ['captured' => ['session' => 'seat-1', ...self::granted()]];
        return [
            'check' => [fn (Client $client) => $client->check(45)->failure, self::granted()],
            'ensure' => [fn (Client $client) => $client->ensure(45)->failure, self::granted()],
            'capture' => [fn (Client $client) => $client->capture(45), $captured],
            'status' => [fn (Client $client) => $client->status(), ['status' => $status]],
        ];
    }

    public function testAReleaseIsNotRepeated(): void
    {
        $done = self::send(self::frame(['done' => ['message' => '', 'warnings' => []]]));
        $daemon = $this->daemon([self::READ], [self::READ, $done]);
        $failure = self::client($daemon)->release('seat-1');
        self::assertInstanceOf(Failure::class, $failure);
        self::assertStringContainsString('before it answered', $failure->message);
        self::assertSame(['{"release":{"session":"seat-1"}}'], $daemon->requests());
    }

    public function testAReleaseIsNotLostOnAConnectionThatTheDaemonClosedMeanwhile(): void
    {
        $status = ['version' => '1', 'state' => 'fresh', 'message' => '', 'warnings' => []];
        $done = self::send(self::frame(['done' => ['message' => '', 'warnings' => []]]));
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(['status' => $status]))],
            [self::READ, $done, self::HOLD],
        );
        $client = self::client($daemon);
        self::assertInstanceOf(Status::class, $client->status());
        $daemon->await('closed');
        self::assertInstanceOf(Done::class, $client->release('seat-1'));
    }

    public function testBytesThatNobodyAskedForEndTheConnectionAndNothingElse(): void
    {
        $denied = self::frame(self::denied());
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(self::granted()) . $denied), self::HOLD],
            [self::READ, self::send(self::frame(self::granted())), self::HOLD],
        );
        $client = self::client($daemon);
        self::assertSame(VerdictKind::Granted, $client->check(45)->kind);
        self::assertSame(VerdictKind::Granted, $client->check(45)->kind);
    }

    public function testADaemonThatHangsUpMaySayWhyFirst(): void
    {
        $busy = ['error' => ['kind' => 'busy', 'code' => null, 'message' => 'Try again later.']];
        $granted = self::send(self::frame(self::granted()));
        $daemon = $this->daemon(
            [self::READ, $granted, ['deaf'], self::wait(500), self::send(self::frame($busy))],
        );
        $client = self::client($daemon);
        $client->check(45);
        $daemon->await('deaf');
        $verdict = $client->check(45);
        self::assertSame(FailureKind::Busy, $verdict->failure->kind);
        self::assertSame(1, $daemon->connections());
    }

    public function testAnErrorHandlerThatThrowsIsNeverReached(): void
    {
        set_error_handler(static fn (int $level, string $text) => throw new \ErrorException($text, 0, $level));
        try {
            $away = (new Client('/nonexistent/licensed.sock'))->check(45);
            $cut = self::client($this->daemon([self::READ]))->check(45);
        } finally {
            restore_error_handler();
        }
        self::assertSame(FailureKind::Unreachable, $away->failure->kind);
        self::assertSame(FailureKind::Unreachable, $cut->failure->kind);
    }

    public function testAChildProcessDoesNotShareTheConnectionOfItsParent(): void
    {
        if (!function_exists('pcntl_fork')) {
            self::markTestSkipped('needs ext-pcntl');
        }
        $grants = [self::READ, self::send(self::frame(self::granted()))];
        $daemon = $this->daemon([...$grants, self::READ, self::HOLD]);
        $client = new Client($daemon->socket, timeout: 0.5);
        $client->check(45);
        $child = pcntl_fork();
        if ($child === 0) {
            $client->check(45);
            posix_kill((int) getmypid(), SIGKILL);
        }
        pcntl_waitpid($child, $status);
        // The fake daemon serves one connection after the other, so that the child's own waits in the queue.
        self::assertSame(['{"check":{"feature":45,"holder":null}}'], $daemon->requests());
    }

    /** A local fault: nobody knows, what runs goes on, no code, and words that say what to do. */
    private static function assertNobodyKnows(FailureKind $kind, string $words, Verdict $verdict): void
    {
        self::assertStringContainsString($words, $verdict->message);
        self::assertSame(VerdictKind::Indeterminate, $verdict->kind);
        self::assertTrue($verdict->mayRun());
        self::assertNull($verdict->code);
        self::assertSame($kind, $verdict->failure->kind);
        // MikoPBX looks for codes in the text.
        $text = preg_replace('~/\S*\.sock~', '', $verdict->message);
        self::assertDoesNotMatchRegularExpression('/\d{4}/', $text);
    }
}
