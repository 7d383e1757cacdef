<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

/**
 * Runs fake-daemon.php in a folder of its own.
 */
final class FakeDaemon
{
    public readonly string $socket;

    private readonly string $folder;

    private readonly string $log;

    /** @var resource */
    private $process;

    /**
     * @param list<list<array{0: string, 1?: string|int, 2?: int}>> $connections
     */
    public function __construct(array $connections)
    {
        $this->folder = sys_get_temp_dir() . '/licensed-php-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0o700);
        $this->socket = "$this->folder/licensed.sock";
        $this->log = "$this->folder/log";
        touch($this->log);
        $command = [PHP_BINARY, __DIR__ . '/fake-daemon.php', $this->socket, $this->log];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $pipes);
        fwrite($pipes[0], json_encode($connections, JSON_THROW_ON_ERROR));
        fclose($pipes[0]);
        if (fgets($pipes[1]) !== "listening\n") {
            throw new \RuntimeException('the fake daemon did not start');
        }
    }

    /** What happened so far: "connection", "deaf", "mute", "closed", and "version encoding payload" for each request. */
    public function log(): array
    {
        return file($this->log, FILE_IGNORE_NEW_LINES);
    }

    /** The payloads of the requests that arrived so far. */
    public function requests(): array
    {
        $requests = array_filter($this->log(), static fn (string $line): bool => str_contains($line, ' '));
        return array_values(array_map(static fn (string $line): string => explode(' ', $line, 3)[2], $requests));
    }

    public function connections(): int
    {
        return count(array_keys($this->log(), 'connection', true));
    }

    /** Waits until `$event` is in the log. */
    public function await(string $event): void
    {
        for ($patience = 500; !in_array($event, $this->log(), true); $patience--) {
            if ($patience === 0) {
                throw new \RuntimeException("the fake daemon logged no $event");
            }
            usleep(10_000);
        }
    }

    /** Kills the daemon; what listened at the socket is gone, the path stays. */
    public function kill(): void
    {
        proc_terminate($this->process, SIGKILL);
        proc_close($this->process);
    }

    public function stop(): void
    {
        if (is_resource($this->process)) {
            $this->kill();
        }
        array_map(unlink(...), array_filter([$this->socket, $this->log], file_exists(...)));
        rmdir($this->folder);
    }
}
