<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;
use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\Verdict;

/**
 * Answers of the right form with a value of another type, anywhere: each comes to its result or to a
 * failure, and nothing gets out, be it a warning of PHP, a TypeError or another exception.
 */
final class HostileTest extends Scripted
{
    private const FRAMES = __DIR__ . '/../../../tests/golden/frames';

    /** One value of each type that JSON has, and numbers that do not fit. */
    private const VALUES = [null, true, -1, 0.5, 1e300, PHP_INT_MAX, '', "\u{0}2008", [], [[]], [1, 'x'], ['x' => [1]]];

    /**
     * @dataProvider answers
     */
    public function testAnAnswerWithAnotherTypeAnywhereIsAnAnswerOrAFailure(string $name, callable $ask): void
    {
        $golden = json_decode(file_get_contents(self::FRAMES . "/answer-$name.json"), true);
        // What names a next page is asked for it.
        $hasNext = static fn (mixed $mutant): bool => ($mutant['features']['next'] ?? 0) > 0;
        $mutants = array_filter([...self::mutants($golden)], static fn (mixed $mutant): bool => !$hasNext($mutant));
        $connections = array_map(
            static fn (mixed $mutant): array => [self::READ, self::send(self::frame($mutant))],
            array_values($mutants),
        );
        $daemon = $this->daemon(...$connections);
        $client = new Client($daemon->socket, 10, 10, persistent: false);
        foreach ($mutants as $mutant) {
            $result = $ask($client);
            $failure = $result instanceof Verdict ? $result->failure : $result;
            if ($failure instanceof Failure && $name !== 'error-refused') {
                self::assertSame(FailureKind::Protocol, $failure->kind, json_encode($mutant) . ": $failure");
            }
        }
        self::assertSame(count($mutants), $daemon->connections());
    }

    public static function answers(): array
    {
        $check = static fn (Client $client): Verdict => $client->check(45);
        $status = static fn (Client $client): object => $client->status();
        $ping = static fn (Client $client): object => $client->ping();
        return [
            ['entitlement-granted', $check],
            ['entitlement-offline', $check],
            ['entitlement-denied', $check],
            ['entitlement-indeterminate', $check],
            ['error-refused', $check],
            ['entitlements', static fn (Client $client): Verdict => $client->checkMany([45])[45]],
            ['captured', static fn (Client $client): object => $client->capture(45)],
            ['status-fresh', $status],
            ['status-offline', $status],
            ['license_info', static fn (Client $client): object => $client->licenseInfo()],
            ['registered', static fn (Client $client): object => $client->register('a', 'b', 'c')],
            ['done', static fn (Client $client): object => $client->recheck()],
            ['features', static fn (Client $client): mixed => $client->features()],
            ['explanation', static fn (Client $client): object => $client->explain(45)],
            ['ping', $ping],
            ['ping-tls', $ping],
            ['change-whole', static fn (Client $client): mixed => $client->watch()->current()],
        ];
    }

    /**
     * The value with one of its parts, or all of it, replaced.
     *
     * @return iterable<mixed>
     */
    private static function mutants(mixed $value): iterable
    {
        yield from self::VALUES;
        if (!is_array($value)) {
            return;
        }
        foreach ($value as $key => $part) {
            yield array_diff_key($value, [$key => null]);
            foreach (self::mutants($part) as $mutant) {
                yield [...$value, $key => $mutant];
            }
        }
    }
}
