<?php

/**
 * Follows what changes, and watches anew when licensed was restarted.
 *
 *     php watch.php SOCKET
 *
 * Prints a line of JSON for each change, until it is interrupted.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Verdict;

require_once __DIR__ . '/../autoload.php';

/** Seconds before the second attempt to watch; it doubles while attempts fail, to a minute. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 60;

try {
    $client = new Client($argv[1] ?? Client::DEFAULT_SOCKET);
} catch (InvalidArgumentException $error) {
    fwrite(STDERR, "usage: php watch.php SOCKET\nSOCKET: {$error->getMessage()}\n");
    exit(2);
}
$pause = FIRST_PAUSE;
while (true) {
    $watch = $client->watch();
    foreach ($watch as $change) {
        if ($change === null) {
            continue;
        }
        $pause = FIRST_PAUSE;
        $features = array_map(static fn (Verdict $verdict): array => [
            'feature' => $verdict->feature,
            'verdict' => $verdict->kind->value,
            'code' => $verdict->code,
            'may_run' => $verdict->mayRun(),
        ], $change->verdicts);
        $line = ['whole' => $change->whole, 'state' => $change->state->value, 'features' => $features];
        echo json_encode($line, JSON_THROW_ON_ERROR), "\n";
    }
    // What runs goes on: the end of a watch says nothing about a license.
    fwrite(STDERR, "{$watch->getReturn()}\n");
    sleep($pause);
    $pause = min(2 * $pause, LONGEST_PAUSE);
}
