<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\Quiet;

/**
 * One connection to the daemon, opened when it is needed and kept for the next call.
 *
 * The stream blocks, and every read and write is armed with what is left of the deadline. That is
 * poll() underneath, which, unlike stream_select(), also works above 1,024 open files.
 *
 * @internal
 */
final class Connection
{
    /** Linux errno values that stream_socket_client() reports. */
    private const ENOENT = 2;
    private const EAGAIN = 11;
    private const EACCES = 13;
    private const ECONNREFUSED = 111;

    /** Microseconds between two attempts to connect while the daemon's queue is full. */
    private const PAUSE = 5_000;

    /** Bytes asked for at once. */
    private const CHUNK = 64 * 1024;

    /** @var resource|null */
    private $stream = null;

    /** The process that opened the stream: after a fork, parent and child must not share it. */
    private int $opener = 0;

    public function __construct(private readonly string $socket)
    {
    }

    /**
     * Sends a frame and gives the body of the one that answers it. After any fault the caller closes:
     * a late answer must not be taken for that to the next request.
     *
     * @throws Fault
     */
    public function exchange(string $frame, Deadline $deadline): string
    {
        if (!$this->isUsable()) {
            $this->close();
            $this->stream = $this->open($deadline);
            $this->opener = (int) getmypid();
        }
        $this->send($frame, $deadline);
        $length = Frame::bodyLength($this->receive(Frame::PREFIX, true, $deadline));
        return $this->receive($length, false, $deadline);
    }

    /**
     * The body of the next frame, which comes unasked; null if none has begun by `$patience`. One that has
     * begun must be whole within `$seconds`.
     *
     * @throws Fault
     */
    public function next(Deadline $patience, float $seconds): ?string
    {
        try {
            $start = $this->receive(1, true, $patience);
        } catch (Fault $fault) {
            return $fault->failure->kind === FailureKind::TimedOut ? null : throw $fault;
        }
        $deadline = new Deadline($seconds);
        $length = Frame::bodyLength($start . $this->receive(Frame::PREFIX - 1, false, $deadline));
        return $this->receive($length, false, $deadline);
    }

    public function close(): void
    {
        $stream = $this->stream;
        $this->stream = null;
        if (is_resource($stream)) {
            fclose($stream);
        }
    }

    /**
     * Whether there is a stream of this process, and nothing in it: bytes that nobody asked for would
     * be taken for the next answer.
     */
    private function isUsable(): bool
    {
        if (!is_resource($this->stream) || $this->opener !== getmypid()) {
            return false;
        }
        $stream = $this->stream;
        stream_set_blocking($stream, false);
        $stray = Quiet::call(static fn () => fread($stream, 1));
        stream_set_blocking($stream, true);
        return $stray === '' || $stray === false;
    }

    /**
     * @return resource
     */
    private function open(Deadline $deadline)
    {
        $address = "unix://$this->socket";
        $errno = 0;
        $error = '';
        $seconds = $this->remaining($deadline) / 1e6;
        $connect = static function () use ($address, &$errno, &$error, $seconds) {
            return stream_socket_client($address, $errno, $error, $seconds);
        };
        while (!is_resource($stream = Quiet::call($connect)) && $errno === self::EAGAIN) {
            usleep(min(self::PAUSE, $this->remaining($deadline)));
        }
        if (is_resource($stream)) {
            return $stream;
        }
        throw Fault::unreachable(match ($errno) {
            self::ENOENT => "There is no socket $this->socket; start the daemon: systemctl start licensed",
            self::ECONNREFUSED => "Nobody listens at $this->socket; start the daemon: systemctl restart licensed",
            self::EACCES => "User {$this->user()} may not open $this->socket; "
                . "run: usermod -aG licensed {$this->user()}, then restart a running PHP-FPM",
            default => "No connection to licensed at $this->socket ($error); look at: systemctl status licensed",
        });
    }

    /** Sends all of `$frame`, or as much as the daemon takes: one that hangs up may have said why first. */
    private function send(string $frame, Deadline $deadline): void
    {
        while ($frame !== '') {
            $this->arm($deadline);
            $sent = Quiet::call(fn () => fwrite($this->stream, $frame));
            if ($sent === false || $sent === 0) {
                $this->failIfTimedOut($deadline);
                return;
            }
            $frame = substr($frame, $sent);
        }
    }

    private function receive(int $length, bool $isStart, Deadline $deadline): string
    {
        $bytes = '';
        while (($missing = $length - strlen($bytes)) > 0) {
            $this->arm($deadline);
            $chunk = Quiet::call(fn () => fread($this->stream, min($missing, self::CHUNK)));
            if ($chunk === false || $chunk === '') {
                $this->failIfTimedOut($deadline);
                if (stream_get_meta_data($this->stream)['eof']) {
                    throw $isStart && $bytes === ''
                        ? Fault::endedBeforeAnswer($this->socket)
                        : Fault::endedWithinAnswer($this->socket);
                }
                continue;
            }
            $bytes .= $chunk;
        }
        return $bytes;
    }

    /** Lets the next read or write last no longer than the deadline. */
    private function arm(Deadline $deadline): void
    {
        $remaining = $this->remaining($deadline);
        stream_set_timeout($this->stream, intdiv($remaining, 1_000_000), $remaining % 1_000_000);
    }

    private function failIfTimedOut(Deadline $deadline): void
    {
        if (stream_get_meta_data($this->stream)['timed_out']) {
            throw Fault::timedOut($this->socket, $deadline->seconds);
        }
    }

    private function remaining(Deadline $deadline): int
    {
        return $deadline->remaining() ?: throw Fault::timedOut($this->socket, $deadline->seconds);
    }

    private function user(): string
    {
        $user = function_exists('posix_getpwuid') ? posix_getpwuid(posix_geteuid()) : false;
        return $user === false ? '<user of PHP>' : $user['name'];
    }
}
