<?php

/**
 * How long PHP waits for the answer to "may this feature run?": from the daemon on its socket, and from
 * the gateway over HTTP with curl; over one connection that is kept, and over a new one for each call.
 *
 *     php ask.php SOCKET URL CALLS
 *
 * Prints a line for each way. The ways take turns, so that what else goes on meets all of them. A call that
 * is not granted ends the run.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\VerdictKind;

require_once __DIR__ . '/../autoload.php';

/** MikoPBX itself, which every registered host may run. */
const FEATURE = 33;

/** Calls of one way before it is the turn of the next. */
const TURN = 100;

/** Calls of each way before the first that counts. */
const WARM_UP = 100;

$arguments = array_slice($argv ?? [], 1);
if (count($arguments) !== 3) {
    fwrite(STDERR, "usage: php ask.php SOCKET URL CALLS\n");
    exit(2);
}
[$socket, $url, $calls] = $arguments;
$calls = (int) $calls;

$overSocket = static function (bool $persistent) use ($socket): Closure {
    $client = new Client($socket, persistent: $persistent);
    return static fn (): bool => $client->check(FEATURE)->kind === VerdictKind::Granted;
};
$overHttp = static function (bool $persistent) use ($url): Closure {
    $curl = curl_init("$url/license.api/featureavailable?feature=" . FEATURE);
    curl_setopt_array($curl, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 25,
        CURLOPT_PROXY => '',
        CURLOPT_FORBID_REUSE => !$persistent,
    ]);
    return static function () use ($curl): bool {
        $answer = json_decode((string) curl_exec($curl), true);
        return curl_getinfo($curl, CURLINFO_RESPONSE_CODE) === 200 && is_string($answer['result'] ?? null);
    };
};
$ways = [
    'PHP -> socket, kept connection' => $overSocket(true),
    'PHP -> socket, new connection for each call' => $overSocket(false),
    'PHP -> gateway, kept connection' => $overHttp(true),
    'PHP -> gateway, new connection for each call' => $overHttp(false),
];

$times = array_fill_keys(array_keys($ways), []);
for ($done = -WARM_UP; $done < $calls; $done += TURN) {
    foreach ($ways as $way => $ask) {
        for ($call = 0; $call < min(TURN, $calls - $done); $call++) {
            $start = hrtime(true);
            $isGranted = $ask();
            $time = hrtime(true) - $start;
            if (!$isGranted) {
                fwrite(STDERR, "$way: feature " . FEATURE . " is not granted\n");
                exit(1);
            }
            if ($done >= 0) {
                $times[$way][] = $time;
            }
        }
    }
}
foreach ($times as $way => $taken) {
    sort($taken);
    $of = static fn (float $share): float => $taken[(int) ($share * (count($taken) - 1))] / 1000;
    printf("%-46s  p50 %7.1f us  p99 %7.1f us  of %d calls\n", $way, $of(0.5), $of(0.99), count($taken));
}
