<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

/**
 * A PHP-FPM with one worker, in a folder of its own, that runs fpm-script.php.
 */
final class Fpm
{
    /** Types of FastCGI records, and the role of a program that answers. */
    private const BEGIN = 1;
    private const END = 3;
    private const PARAMS = 4;
    private const STDIN = 5;
    private const STDOUT = 6;
    private const RESPONDER = 1;

    private readonly string $folder;

    /** @var resource */
    private $process;

    public function __construct()
    {
        $this->folder = sys_get_temp_dir() . '/licensed-fpm-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0o700);
        $user = posix_getpwuid(posix_geteuid())['name'];
        file_put_contents("$this->folder/fpm.conf", <<<CONF
            [global]
            error_log = $this->folder/log
            [pool]
            user = $user
            listen = $this->folder/fpm.sock
            pm = static
            pm.max_children = 1
            php_flag[display_errors] = on
            php_flag[html_errors] = off
            CONF);
        $command = [self::program(), '--nodaemonize', '--fpm-config', "$this->folder/fpm.conf"];
        if (posix_geteuid() === 0) {
            $command[] = '--allow-to-run-as-root';
        }
        $output = ['file', "$this->folder/out", 'w'];
        $this->process = proc_open($command, [['file', '/dev/null', 'r'], $output, $output], $pipes);
        for ($patience = 500; !file_exists("$this->folder/fpm.sock"); $patience--) {
            if ($patience === 0) {
                throw new \RuntimeException('PHP-FPM did not start: ' . file_get_contents("$this->folder/out"));
            }
            usleep(10_000);
        }
    }

    /** What the script prints for these values of `$_GET`. */
    public function get(array $query): string
    {
        $params = '';
        $values = [
            'REQUEST_METHOD' => 'GET',
            'SCRIPT_FILENAME' => __DIR__ . '/fpm-script.php',
            'QUERY_STRING' => http_build_query($query),
        ];
        foreach ($values as $name => $value) {
            $params .= pack('CN', strlen($name), strlen($value) | 1 << 31) . $name . $value;
        }
        $stream = stream_socket_client("unix://$this->folder/fpm.sock");
        stream_set_timeout($stream, 120);
        fwrite($stream, self::record(self::BEGIN, pack('nCx5', self::RESPONDER, 0))
            . self::record(self::PARAMS, $params)
            . self::record(self::PARAMS, '')
            . self::record(self::STDIN, ''));
        $output = '';
        do {
            $header = stream_get_contents($stream, 8);
            if (strlen($header) < 8) {
                throw new \RuntimeException('PHP-FPM gave no answer: ' . file_get_contents("$this->folder/log"));
            }
            $record = unpack('Cversion/Ctype/nid/nlength/Cpadding', $header);
            $content = (string) stream_get_contents($stream, $record['length'] + $record['padding']);
            if ($record['type'] === self::STDOUT) {
                $output .= substr($content, 0, $record['length']);
            }
        } while ($record['type'] !== self::END);
        return explode("\r\n\r\n", $output, 2)[1];
    }

    public function stop(): void
    {
        // Killed, it would leave its worker behind.
        proc_terminate($this->process, SIGTERM);
        proc_close($this->process);
        array_map(unlink(...), glob("$this->folder/*"));
        rmdir($this->folder);
    }

    private static function record(int $type, string $content): string
    {
        return pack('CCnnxx', 1, $type, 1, strlen($content)) . $content;
    }

    private static function program(): string
    {
        $names = ['php-fpm' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION, 'php-fpm'];
        foreach ([...explode(':', (string) getenv('PATH')), '/usr/sbin', '/usr/local/sbin'] as $folder) {
            foreach ($names as $name) {
                if (is_executable("$folder/$name")) {
                    return "$folder/$name";
                }
            }
        }
        throw new \RuntimeException("there is no $names[0]: apt-get install php-fpm");
    }
}
