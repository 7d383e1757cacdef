<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\FailureKind;

/**
 * A client in a language of its own.
 */
final class LanguageTest extends Scripted
{
    private const GREETING = '{"language":{"tag":"ru"}}';

    private const GREETED = ['done' => ['message' => '', 'warnings' => []]];

    public function testTheLanguageIsSaidOnceOnAConnection(): void
    {
        $daemon = $this->answering(self::GREETED, self::granted(), self::granted());
        $client = self::russian($daemon);
        self::assertTrue($client->check(45)->mayRun());
        self::assertTrue($client->check(45)->mayRun());
        self::assertSame(1, $daemon->connections());
        self::assertSame([self::GREETING, 'check', 'check'], self::names($daemon));
    }

    public function testAnotherLanguageIsAnotherConnection(): void
    {
        $both = self::send(self::frame(self::GREETED) . self::frame(self::granted()));
        $daemon = $this->daemon(
            [self::READ, self::send(self::frame(self::granted()))],
            [self::READ, self::READ, $both, self::HOLD],
        );
        self::assertTrue(self::client($daemon)->check(45)->mayRun());
        self::assertTrue(self::russian($daemon)->check(45)->mayRun());
        self::assertSame(['check', self::GREETING, 'check'], self::names($daemon));
    }

    public function testARepeatedRequestIsSaidInThatLanguageToo(): void
    {
        $greeted = self::send(self::frame(self::GREETED));
        $daemon = $this->daemon(
            [self::READ, self::READ, $greeted],
            [self::READ, self::READ, $greeted, self::send(self::frame(self::granted())), self::HOLD],
        );
        self::assertTrue(self::russian($daemon)->check(45)->mayRun());
        self::assertSame([self::GREETING, 'check', self::GREETING, 'check'], self::names($daemon));
    }

    public function testADaemonThatTurnsAClientAwayAtItsFirstWordIsHeard(): void
    {
        $busy = ['error' => ['kind' => 'busy', 'code' => null, 'message' => 'Слишком много соединений.']];
        $daemon = $this->daemon([self::READ, self::send(self::frame($busy))]);
        $failure = self::russian($daemon)->check(45)->failure;
        self::assertSame(FailureKind::Busy, $failure?->kind);
        self::assertSame('Слишком много соединений.', $failure->message);
    }

    public function testAWatchIsInThatLanguage(): void
    {
        $change = ['change' => [
            'whole' => true,
            'missed' => false,
            'more' => false,
            'state' => 'fresh',
            'code' => null,
            'message' => 'Привязан; сервер лицензий отвечает.',
            'entitlements' => [],
        ]];
        $daemon = $this->answering(self::GREETED, $change);
        $first = self::russian($daemon)->watch()->current();
        self::assertSame('Привязан; сервер лицензий отвечает.', $first?->message);
        self::assertSame([self::GREETING, '"watch"'], $daemon->requests());
    }

    public function testWhatIsNoLanguageIsAMistakeOfTheProgram(): void
    {
        $this->expectException(\InvalidArgumentException::class);
        new Client(language: 'на русском');
    }

    private static function russian(FakeDaemon $daemon): Client
    {
        return new Client($daemon->socket, 10, 10, language: 'ru');
    }

    /** The requests that came, each check as one word. */
    private static function names(FakeDaemon $daemon): array
    {
        $name = static fn (string $request): string => str_contains($request, '"check"') ? 'check' : $request;
        return array_map($name, $daemon->requests());
    }
}
