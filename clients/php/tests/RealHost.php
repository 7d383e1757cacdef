<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use MikoPBX\Licensed\Failure;

/**
 * A license server and the daemon of a host, both the real ones, in a folder of their own.
 *
 * The programs are those in the folder that LICENSED_BIN_DIR names, else those that cargo has built.
 */
final class RealHost
{
    /** How long a program may take to come up, in seconds: as long as a loaded machine needs, many times over. */
    private const PATIENCE = 30.0;

    public readonly string $socket;

    private readonly string $folder;

    /** Where the license server listens; later starts use the same port again. */
    private string $address = '127.0.0.1:0';

    /** @var array<string, resource> the programs that run, by their names */
    private array $running = [];

    public function __construct()
    {
        $this->folder = sys_get_temp_dir() . '/licensed-host-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0o700);
        $this->socket = "$this->folder/licensed.sock";
        try {
            $this->startServer();
            file_put_contents("$this->folder/root.pub", $this->admin('public-key'));
            $this->startDaemon();
        } catch (\RuntimeException $error) {
            $this->stop();
            throw $error;
        }
    }

    /** A client that a busy machine does not hurry. */
    public function client(): Client
    {
        return new Client($this->socket, 10.0, 20.0);
    }

    public function startServer(): void
    {
        $data = "$this->folder/server";
        $arguments = ['serve', '--rate-limits', 'off', '--data-dir', $data, '--listen', $this->address];
        $this->start('license-server', $arguments);
        $address = '/listening.*? address=(127\.0\.0\.1:\d+)\s/';
        $this->address = $this->await('license-server', static fn (string $log): ?string =>
            preg_match($address, $log, $found) === 1 ? $found[1] : null);
    }

    public function startDaemon(): void
    {
        $this->start('licensed', [
            '--state-dir', "$this->folder/state", '--socket', $this->socket, '--server', "http://$this->address",
            '--host-id', 'php', '--trust', "$this->folder/root.pub",
        ]);
        $this->await('licensed', function (): ?bool {
            $status = (new Client($this->socket, persistent: false))->status();
            return $status instanceof Failure ? null : true;
        });
    }

    /** Kills a program: "licensed" or "license-server". */
    public function kill(string $program): void
    {
        proc_terminate($this->running[$program], SIGKILL);
        proc_close($this->running[$program]);
        unset($this->running[$program]);
    }

    /** Stops a program where it stands, as a machine out of memory does. */
    public function freeze(string $program): void
    {
        proc_terminate($this->running[$program], SIGSTOP);
        $process = proc_get_status($this->running[$program])['pid'];
        while (!str_contains(file_get_contents("/proc/$process/status"), "\nState:\tT")) {
            usleep(1_000);
        }
    }

    /** Lets a program that stands go on. */
    public function thaw(string $program): void
    {
        proc_terminate($this->running[$program], SIGCONT);
    }

    /** What the license server's admin command prints. */
    public function admin(string ...$arguments): string
    {
        $command = [self::program('license-server'), 'admin', '--data-dir', "$this->folder/server", ...$arguments];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['file', "$this->folder/admin.log", 'w']], $pipes);
        $output = stream_get_contents($pipes[1]);
        if (proc_close($process) !== 0) {
            $log = file_get_contents("$this->folder/admin.log");
            throw new \RuntimeException('admin ' . implode(' ', $arguments) . " failed: $log");
        }
        return trim($output);
    }

    public function coupon(int $product): string
    {
        return $this->admin('coupon', 'issue', '--product', (string) $product, '--count', '1', '--days', '365');
    }

    public function stop(): void
    {
        array_map($this->kill(...), array_keys($this->running));
        $files = new \RecursiveDirectoryIterator($this->folder, \FilesystemIterator::SKIP_DOTS);
        foreach (new \RecursiveIteratorIterator($files, \RecursiveIteratorIterator::CHILD_FIRST) as $path => $file) {
            $file->isDir() && !$file->isLink() ? rmdir($path) : unlink($path);
        }
        rmdir($this->folder);
    }

    private function start(string $program, array $arguments): void
    {
        $log = ['file', "$this->folder/$program.log", 'w'];
        $command = [self::program($program), ...$arguments];
        $this->running[$program] = proc_open($command, [['file', '/dev/null', 'r'], $log, $log], $pipes);
    }

    /**
     * @template T
     *
     * @param callable(string): ?T $look what is looked for, in the log if need be
     *
     * @return T
     */
    private function await(string $program, callable $look): mixed
    {
        for ($end = microtime(true) + self::PATIENCE; microtime(true) < $end; usleep(10_000)) {
            $log = file_get_contents("$this->folder/$program.log");
            $found = $look($log);
            if ($found !== null) {
                return $found;
            }
            if (!proc_get_status($this->running[$program])['running']) {
                break;
            }
        }
        throw new \RuntimeException("$program did not come up: $log");
    }

    private static function program(string $name): string
    {
        $target = getenv('CARGO_TARGET_DIR') ?: dirname(__DIR__, 3) . '/target';
        $folder = getenv('LICENSED_BIN_DIR') ?: "$target/debug";
        if (!is_executable("$folder/$name")) {
            throw new \RuntimeException("there is no $folder/$name: cargo build, or LICENSED_BIN_DIR=ITS-FOLDER");
        }
        return "$folder/$name";
    }
}
