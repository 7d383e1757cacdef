<?php

/**
 * A daemon that plays a script, in a process of its own.
 *
 *     php fake-daemon.php SOCKET LOG < SCRIPT
 *
 * SCRIPT is JSON: a list of connections, in the order in which they are accepted, each a list of
 * steps: ["read"] a request and log it, ["send", base64], ["drip", base64, milliseconds between
 * bytes], ["wait", milliseconds], ["deaf"] from here on to what is sent, ["mute"] from here on: the
 * other end sees an end, ["hold"] until the other end hangs up. After its steps the connection is closed,
 * and after the last connection nobody accepts any more.
 */

declare(strict_types=1);

// The other end may hang up at any time.
set_error_handler(static fn (): bool => true);

[, $socket, $log] = $argv;
$script = json_decode(stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR);
$listener = stream_socket_server("unix://$socket");
echo "listening\n";

foreach ($script as $steps) {
    $connection = stream_socket_accept($listener, 30);
    file_put_contents($log, "connection\n", FILE_APPEND);
    foreach ($steps as $step) {
        switch ($step[0]) {
            case 'read':
                $header = stream_get_contents($connection, 6);
                if (strlen($header) < 6) {
                    break;
                }
                $frame = unpack('Nlength/Cversion/Cencoding', $header);
                $payload = stream_get_contents($connection, $frame['length'] - 2);
                file_put_contents($log, "$frame[version] $frame[encoding] $payload\n", FILE_APPEND);
                break;
            case 'send':
                fwrite($connection, base64_decode($step[1], true));
                break;
            case 'drip':
                foreach (str_split(base64_decode($step[1], true)) as $byte) {
                    if (fwrite($connection, $byte) === false) {
                        break;
                    }
                    if ($step[2] > 0) {
                        usleep($step[2] * 1000);
                    }
                }
                break;
            case 'wait':
                usleep($step[1] * 1000);
                break;
            case 'deaf':
                stream_socket_shutdown($connection, STREAM_SHUT_RD);
                file_put_contents($log, "deaf\n", FILE_APPEND);
                break;
            case 'mute':
                stream_socket_shutdown($connection, STREAM_SHUT_WR);
                file_put_contents($log, "mute\n", FILE_APPEND);
                break;
            case 'hold':
                stream_get_contents($connection);
                break;
        }
    }
    fclose($connection);
    file_put_contents($log, "closed\n", FILE_APPEND);
}
