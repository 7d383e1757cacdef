<?php

/**
 * A module that asks without end: php ask.php socket|gateway TIMES RATE asks for feature 33, RATE times a second, over
 * the socket or over HTTP with a new connection each time, and ends well if it was granted each time.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\VerdictKind;

require_once 'MikoPBX/Licensed/autoload.php';

[, $way, $times, $rate] = $argv;
$client = new Client();
$ask = $way === 'socket'
    ? static fn (): bool => $client->check(33)->kind === VerdictKind::Granted
    : static function (): bool {
        $curl = curl_init('http://127.0.0.1:8223/license.api/featureavailable?feature=33');
        curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 25, CURLOPT_PROXY => '']);
        $body = (string) curl_exec($curl);
        if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
            fwrite(STDERR, curl_error($curl) . " $body\n");
            return false;
        }
        return is_string(json_decode($body, true)['result'] ?? null);
    };
$begun = microtime(true);
for ($asked = 0; $asked < (int) $times; $asked++) {
    usleep((int) max(0, 1e6 * ($begun + $asked / (int) $rate - microtime(true))));
    if (!$ask()) {
        fwrite(STDERR, "query $asked of $times over the $way is not granted\n");
        exit(1);
    }
}
printf("asked %d times over the %s in %.1f s\n", $times, $way, microtime(true) - $begun);
