<?php

/**
 * What a worker of PHP-FPM runs for the tests: asks about a feature, and prints what came of it.
 *
 * GET: socket, feature, timeout; act = "burn" to be ended by max_execution_time in the middle of the call,
 * "owe" to end with a question asked and no answer read, and the stream as a call has it then.
 */

declare(strict_types=1);

use MikoPBX\Licensed\Client;

require_once __DIR__ . '/../autoload.php';

function cpuSeconds(): float
{
    $used = getrusage();
    return $used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']
        + ($used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec']) / 1e6;
}

['socket' => $socket, 'feature' => $feature] = $_GET;
switch ($_GET['act'] ?? '') {
    case 'burn':
        // So that the classes are there, and no time goes into loading them.
        (new Client('/nonexistent/licensed.sock'))->check(45);
        set_time_limit(1);
        // The limit is one of CPU time. What is left of it is spent in the call.
        $end = cpuSeconds() + 0.7;
        while (cpuSeconds() < $end) {
            hash('sha256', 'some work');
        }
        break;
    case 'owe':
        $flags = STREAM_CLIENT_CONNECT | STREAM_CLIENT_PERSISTENT;
        $stream = stream_socket_client("unix://$socket", $errno, $error, 10, $flags);
        stream_set_blocking($stream, true);
        $question = "{\"check\":{\"feature\":$feature}}";
        fwrite($stream, pack('NCC', 2 + strlen($question), 1, 1) . $question);
        exit;
}
$verdict = (new Client($socket, timeout: (float) ($_GET['timeout'] ?? 20)))->check((int) $feature);
echo json_encode(['pid' => getmypid(), 'verdict' => $verdict->kind->value, 'message' => $verdict->message]);
