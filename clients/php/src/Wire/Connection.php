<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

use MikoPBX\Licensed\FailureKind;
use MikoPBX\Licensed\Quiet;

/**
 * One connection to the daemon, opened when it is needed and kept for the next call.
 *
 * Where a process serves many requests, as in PHP-FPM, the stream is PHP's persistent one, so that the
 * next request uses it again. A script may be ended in the middle of a call, and then an answer is
 * still to come, which must never be read by the next request. So the stream itself, which alone
 * outlives a script, carries the mark of an open exchange: it blocks during an exchange and at no other
 * time. One that blocks and was used before is closed.
 *
 * A language is said once on each new stream, in one write with the first frame. A stream of an earlier
 * request may have been told another one, so that a connection in a language finds none again.
 *
 * Every read and write is armed with what is left of the deadline. That is poll() underneath, which,
 * unlike stream_select(), also works above 1,024 open files.
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

    /** Where a process serves one program, which may fork. A persistent stream would be shared then. */
    private const OF_ONE_PROGRAM = ['cli', 'phpdbg', 'embed'];

    /** @var array<string, self> the connection of this process to each socket */
    private static array $ofProcess = [];

    /** @var resource|null */
    private $stream = null;

    /** The process that opened the stream: after a fork, parent and child must not share it. */
    private int $opener = 0;

    private bool $isBusy = false;

    /** Says the language, or nothing. */
    private readonly string $greeting;

    /** Whether the stream was told it. */
    private bool $isGreeted = false;

    /**
     * @param bool $isPersistent whether the next request that this process serves finds the stream again
     */
    private function __construct(
        private readonly string $socket,
        private readonly Trust $trust,
        private readonly ?string $language,
        private readonly bool $isPersistent,
    ) {
        $this->greeting = $language === null ? '' : Frame::request('language', ['tag' => $language]);
    }

    /** The connection of this process: the same for the same socket, trust and language. */
    public static function ofProcess(string $socket, Trust $trust, ?string $language): self
    {
        $isPersistent = $language === null && !in_array(PHP_SAPI, self::OF_ONE_PROGRAM, true);
        $key = serialize([$socket, $trust, $language]);
        return self::$ofProcess[$key] ??= new self($socket, $trust, $language, $isPersistent);
    }

    /** A connection of its own. */
    public static function own(string $socket, Trust $trust, ?string $language): self
    {
        return new self($socket, $trust, $language, false);
    }

    /**
     * Sends a frame and gives the body of the one that answers it.
     *
     * @param bool $isRepeatable whether the frame may be sent once more, if the connection ends before its
     *                           answer begins. One that may not goes over a new stream: the daemon closes
     *                           idle ones, and there such an end cannot meet it.
     *
     * @throws Fault
     */
    public function exchange(string $frame, Deadline $deadline, bool $isRepeatable): string
    {
        if ($this->isBusy) {
            // A signal handler asks while the program that it interrupts waits for an answer.
            return self::own($this->socket, $this->trust, $this->language)->exchange($frame, $deadline, $isRepeatable);
        }
        try {
            return $this->exchangeOnce($frame, $deadline, !$isRepeatable);
        } catch (Fault $fault) {
            return $isRepeatable && $fault->isBeforeAnswer
                ? $this->exchangeOnce($frame, $deadline, true)
                : throw $fault;
        }
    }

    /**
     * The body of the next frame, which comes unasked; null if none has begun by `$patience`. One that has
     * begun must be whole within `$seconds`. After an exchange alone.
     *
     * @throws Fault
     */
    public function next(Deadline $patience, float $seconds): ?string
    {
        $stream = $this->stream ?? throw Fault::endedWithinAnswer($this->socket);
        stream_set_blocking($stream, true);
        try {
            $start = $this->receive($stream, 1, true, $patience);
        } catch (Fault $fault) {
            return $fault->failure->kind === FailureKind::TimedOut ? null : throw $fault;
        }
        $deadline = new Deadline($seconds);
        $length = Frame::bodyLength($start . $this->receive($stream, Frame::PREFIX - 1, false, $deadline));
        return $this->receive($stream, $length, false, $deadline);
    }

    /** Ends the connection, unless an exchange that was interrupted needs it. */
    public function close(): void
    {
        if ($this->isBusy) {
            return;
        }
        $stream = $this->stream;
        $this->stream = null;
        if (is_resource($stream)) {
            fclose($stream);
        }
    }

    private function exchangeOnce(string $frame, Deadline $deadline, bool $onNewStream): string
    {
        $this->isBusy = true;
        $body = null;
        try {
            $stream = $this->ready($deadline, $onNewStream);
            stream_set_blocking($stream, true);
            $isGreeting = $this->greeting !== '' && !$this->isGreeted;
            $this->send($stream, $isGreeting ? $this->greeting . $frame : $frame, $deadline);
            $answer = $this->answer($stream, $deadline);
            // A daemon that takes no greeting takes nothing: what it says then is its answer.
            if ($isGreeting && Frame::answer($answer)[0] !== 'error') {
                $this->isGreeted = true;
                $answer = $this->answer($stream, $deadline);
            }
            $body = $answer;
            stream_set_blocking($stream, false);
            return $body;
        } finally {
            $this->isBusy = false;
            if ($body === null) {
                $this->close();
            }
        }
    }

    /**
     * @param resource $stream
     */
    private function answer($stream, Deadline $deadline): string
    {
        $length = Frame::bodyLength($this->receive($stream, Frame::PREFIX, true, $deadline));
        return $this->receive($stream, $length, false, $deadline);
    }

    /**
     * A stream for an exchange: the one that is kept, or a new one.
     *
     * @return resource
     */
    private function ready(Deadline $deadline, bool $isNew)
    {
        if (is_resource($this->stream)) {
            if (!$isNew && $this->opener === getmypid() && self::isIdle($this->stream)) {
                return $this->stream;
            }
            fclose($this->stream);
        }
        $stream = $this->open($deadline);
        $isOfEarlierRequest = ftell($stream) !== 0;
        if ($isOfEarlierRequest && ($isNew || !self::isIdle($stream))) {
            // Closed, it is not found a second time.
            fclose($stream);
            $stream = $this->open($deadline);
        }
        $this->stream = $stream;
        $this->opener = (int) getmypid();
        $this->isGreeted = false;
        $this->trust->mustHold($this->socket);
        return $stream;
    }

    /**
     * Whether no answer is to come, the daemon has not hung up, and nothing is there to read: bytes that
     * nobody asked for would be taken for the next answer. This does not wait.
     *
     * @param resource $stream
     */
    private static function isIdle($stream): bool
    {
        if (stream_get_meta_data($stream)['blocked']) {
            return false;
        }
        $stray = Quiet::call(static fn () => fread($stream, 1));
        // Not feof(), which waits for as long as a read may.
        return ($stray === '' || $stray === false) && !stream_get_meta_data($stream)['eof'];
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
        $flags = STREAM_CLIENT_CONNECT | ($this->isPersistent ? STREAM_CLIENT_PERSISTENT : 0);
        $connect = static function () use ($address, &$errno, &$error, $seconds, $flags) {
            return stream_socket_client($address, $errno, $error, $seconds, $flags);
        };
        while (!is_resource($stream = Quiet::call($connect)) && $errno === self::EAGAIN) {
            usleep(min(self::PAUSE, $this->remaining($deadline)));
        }
        if (is_resource($stream)) {
            return $stream;
        }
        throw Fault::unreachable(match ($errno) {
            self::ENOENT => throw Fault::noSocket($this->socket),
            self::ECONNREFUSED => "Nobody listens at $this->socket; start the daemon: systemctl restart licensed",
            self::EACCES => "User {$this->user()} may not open $this->socket; "
                . "run: usermod -aG licensed {$this->user()}, then restart a running PHP-FPM",
            default => "No connection to licensed at $this->socket ($error); look at: systemctl status licensed",
        });
    }

    /**
     * Sends all of `$frame`, or as much as the daemon takes: one that hangs up may have said why first.
     *
     * @param resource $stream
     */
    private function send($stream, string $frame, Deadline $deadline): void
    {
        while ($frame !== '') {
            $this->arm($stream, $deadline);
            $sent = Quiet::call(static fn () => fwrite($stream, $frame));
            if ($sent === false || $sent === 0) {
                $this->failIfTimedOut($stream, $deadline);
                return;
            }
            $frame = substr($frame, $sent);
        }
    }

    /**
     * @param resource $stream
     */
    private function receive($stream, int $length, bool $isStart, Deadline $deadline): string
    {
        $bytes = '';
        while (($missing = $length - strlen($bytes)) > 0) {
            $this->arm($stream, $deadline);
            $chunk = Quiet::call(static fn () => fread($stream, min($missing, self::CHUNK)));
            if ($chunk === false || $chunk === '') {
                $this->failIfTimedOut($stream, $deadline);
                if (stream_get_meta_data($stream)['eof']) {
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

    /**
     * Lets the next read or write last no longer than the deadline.
     *
     * @param resource $stream
     */
    private function arm($stream, Deadline $deadline): void
    {
        $remaining = $this->remaining($deadline);
        stream_set_timeout($stream, intdiv($remaining, 1_000_000), $remaining % 1_000_000);
    }

    /**
     * @param resource $stream
     */
    private function failIfTimedOut($stream, Deadline $deadline): void
    {
        if (stream_get_meta_data($stream)['timed_out']) {
            throw Fault::timedOut($this->socket, $deadline->seconds);
        }
    }

    /**
     * @return positive-int microseconds
     */
    private function remaining(Deadline $deadline): int
    {
        $remaining = $deadline->remaining();
        return $remaining > 0 ? $remaining : throw Fault::timedOut($this->socket, $deadline->seconds);
    }

    private function user(): string
    {
        $user = function_exists('posix_getpwuid') ? posix_getpwuid(posix_geteuid()) : false;
        return $user === false ? '<user of PHP>' : $user['name'];
    }
}
