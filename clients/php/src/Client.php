<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Connection;
use MikoPBX\Licensed\Wire\Deadline;
use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;
use MikoPBX\Licensed\Wire\Frame;

/**
 * Asks licensed, the licensing daemon of this host, over its Unix socket.
 *
 * One connection is kept for all calls. Each call ends within its one deadline. A check always comes
 * to a {@see Verdict} and every other call to its result or a {@see Failure}; exceptions are for
 * arguments that no daemon could answer.
 */
final class Client
{
    /** Where the daemon listens unless it is told otherwise. */
    public const DEFAULT_SOCKET = '/run/licensed/licensed.sock';

    /** Ids of features and products are unsigned 32-bit integers. */
    public const MAX_ID = 0xFFFF_FFFF;

    /** The longest path that fits into a socket address. */
    private const MAX_SOCKET_PATH = 107;

    /** The longest name of a holder, in bytes of UTF-8. */
    private const MAX_HOLDER = 256;

    /** Seconds after which a wait without end begins anew. */
    private const LONGEST_WAIT = 3600.0;

    /** Seconds within which a change must be whole once it has begun: as long as the daemon gives itself. */
    private const FRAME_DEADLINE = 10.0;

    private readonly Connection $connection;

    /**
     * @param float $timeout seconds for a call that the daemon answers from memory
     * @param float $onlineTimeout seconds for ensure(), capture(), release() and ping(), for which the daemon
     *                             may ask the license server; it gives that up after 15
     *
     * @throws \InvalidArgumentException
     */
    public function __construct(
        private readonly string $socket = self::DEFAULT_SOCKET,
        private readonly float $timeout = 1.0,
        private readonly float $onlineTimeout = 20.0,
    ) {
        if ($socket === '' || strlen($socket) > self::MAX_SOCKET_PATH || str_contains($socket, "\0")) {
            throw new \InvalidArgumentException('a socket is a path of 1 to 107 bytes');
        }
        self::mustBeTime($timeout);
        self::mustBeTime($onlineTimeout);
        $this->connection = new Connection($socket);
    }

    /**
     * May this feature run? Answered from the daemon's memory; takes no seat.
     *
     * @param string|null $holder the user, for a feature that is counted by user
     *
     * @throws \InvalidArgumentException
     */
    public function check(int $feature, ?string $holder = null): Verdict
    {
        return $this->verdict('check', self::seat($feature, $holder), $this->timeout);
    }

    /**
     * Check; if not granted, take a seat if one is free and this host was not dropped from it. What a
     * module asks when it is enabled.
     *
     * @throws \InvalidArgumentException
     */
    public function ensure(int $feature): Verdict
    {
        return $this->verdict('ensure', ['feature' => self::feature($feature)], $this->onlineTimeout);
    }

    /**
     * Take a seat. Repeated for what is held, it gives the same session.
     *
     * @param bool $reclaim also take a seat that this host was dropped from
     *
     * @throws \InvalidArgumentException
     */
    public function capture(int $feature, ?string $holder = null, bool $reclaim = false): Captured|Failure
    {
        $arguments = [...self::seat($feature, $holder), 'reclaim' => $reclaim];
        $read = static function (Fields $answer) use ($feature): Captured {
            $captured = Captured::fromWire($answer);
            self::mustBeAbout($feature, $captured->verdict);
            return $captured;
        };
        return $this->call('capture', $arguments, $this->onlineTimeout, 'captured', $read);
    }

    /**
     * Give a seat back. Never repeated by itself: after a failure, look at {@see Client::check()}.
     *
     * @throws \InvalidArgumentException
     */
    public function release(string $session): Done|Failure
    {
        $arguments = ['session' => $session];
        return $this->call('release', $arguments, $this->onlineTimeout, 'done', Done::fromWire(...), false);
    }

    /**
     * How the daemon and its binding are.
     */
    public function status(): Status|Failure
    {
        return $this->call('status', [], $this->timeout, 'status', Status::fromWire(...));
    }

    /**
     * The features of the license, in the order of their ids.
     *
     * @return list<Feature>|Failure
     */
    public function features(): array|Failure
    {
        $features = [];
        $cursor = null;
        do {
            $arguments = ['cursor' => $cursor];
            $page = $this->call('features', $arguments, $this->timeout, 'features', FeaturePage::fromWire(...));
            if ($page instanceof Failure) {
                return $page;
            }
            array_push($features, ...$page->features);
            $cursor = $page->next;
        } while ($cursor !== null);
        return $features;
    }

    /**
     * Why this feature comes to what it comes to.
     *
     * @throws \InvalidArgumentException
     */
    public function explain(int $feature): Explanation|Failure
    {
        $arguments = ['feature' => self::feature($feature)];
        $read = static function (Fields $answer) use ($feature): Explanation {
            $explanation = Explanation::fromWire($answer);
            self::mustBeAbout($feature, $explanation->verdict);
            return $explanation;
        };
        return $this->call('explain', $arguments, $this->timeout, 'explanation', $read);
    }

    /**
     * Tell the license server how this host is used. For administrators; nothing depends on it.
     *
     * @param array<string, string> $metrics at most 64, names and values of up to 256 bytes
     *
     * @throws \InvalidArgumentException
     */
    public function sendMetrics(array $metrics): Done|Failure
    {
        $arguments = ['metrics' => (object) array_map(strval(...), $metrics)];
        return $this->call('send_metrics', $arguments, $this->onlineTimeout, 'done', Done::fromWire(...), false);
    }

    /**
     * What changes, as it changes: everything at first, then each change when it comes. A connection of
     * its own, until the generator is dropped or something ends it; getReturn() then says what. Watch anew
     * after that, with a pause that grows while it fails.
     *
     * @param float|null $beat after that many seconds without a change null is yielded, so that the caller
     *                         can look after something else; null: the wait has no end
     *
     * @return \Generator<int, ?Change, void, Failure>
     *
     * @throws \InvalidArgumentException
     */
    public function watch(?float $beat = null): \Generator
    {
        if ($beat !== null) {
            self::mustBeTime($beat);
        }
        return $this->changes($beat);
    }

    /**
     * Does the license server answer? The daemon looks at most once in 10 seconds.
     */
    public function ping(): Ping|Failure
    {
        return $this->call('ping', [], $this->onlineTimeout, 'ping', Ping::fromWire(...));
    }

    /**
     * May the module with this module.json run? A free one, without `lic_feature_id` or with 0, is
     * granted without asking.
     *
     * A module.json that cannot be read, or whose ids are no numbers, is a fault of the package and no
     * licensing answer: indeterminate, may not run, with a failure of kind
     * {@see FailureKind::InvalidModule}. It never throws.
     */
    public function checkModule(string $pathToModuleJson): Verdict
    {
        $manifest = ModuleManifest::read($pathToModuleJson);
        if ($manifest instanceof Failure) {
            return Verdict::unknown($manifest, null);
        }
        if ($manifest->feature === null) {
            return Verdict::free($manifest->product);
        }
        return $this->check($manifest->feature)->about($manifest->product);
    }

    /**
     * @param array{feature: int} $arguments
     */
    private function verdict(string $request, array $arguments, float $timeout): Verdict
    {
        $feature = $arguments['feature'];
        $read = static function (Fields $answer) use ($feature): Verdict {
            $verdict = Verdict::fromWire($answer);
            self::mustBeAbout($feature, $verdict);
            return $verdict;
        };
        $result = $this->call($request, $arguments, $timeout, 'entitlement', $read);
        return $result instanceof Failure ? Verdict::unknown($result, $feature) : $result;
    }

    /**
     * @template T of object
     *
     * @param array<string, mixed> $arguments
     * @param callable(Fields): T $read
     *
     * @return T|Failure
     */
    private function call(
        string $request,
        array $arguments,
        float $timeout,
        string $expected,
        callable $read,
        bool $isRepeatable = true,
    ): object {
        $frame = Frame::request($request, $arguments);
        try {
            [$name, $value] = Frame::answer($this->exchange($frame, new Deadline($timeout), $isRepeatable));
            $fields = Fields::of($value, $name);
            if ($name === $expected) {
                return $read($fields);
            }
            $failure = $name === 'error'
                ? Failure::fromWire($fields)
                : Fault::protocol("not one to $request")->failure;
        } catch (Fault $fault) {
            $failure = $fault->failure;
        }
        // After some of its errors the daemon closes. A new connection costs little, a wrong guess a call.
        $this->connection->close();
        return $failure;
    }

    /**
     * @return \Generator<int, ?Change, void, Failure>
     */
    private function changes(?float $beat): \Generator
    {
        $connection = new Connection($this->socket);
        try {
            $frame = Frame::request('watch', []);
            $body = self::exchangeRepeatable($connection, $frame, new Deadline($this->timeout));
            while (true) {
                if ($body !== null) {
                    [$name, $value] = Frame::answer($body);
                    $fields = Fields::of($value, $name);
                    if ($name === 'error') {
                        return Failure::fromWire($fields);
                    }
                    yield $name === 'change' ? Change::fromWire($fields) : throw Fault::protocol('not one to watch');
                } elseif ($beat !== null) {
                    yield null;
                }
                $body = $connection->next(new Deadline($beat ?? self::LONGEST_WAIT), self::FRAME_DEADLINE);
            }
        } catch (Fault $fault) {
            return $fault->failure;
        } finally {
            $connection->close();
        }
    }

    private function exchange(string $frame, Deadline $deadline, bool $isRepeatable): string
    {
        if (!$isRepeatable) {
            // The daemon closes idle connections. On a new one, such an end cannot meet this request.
            $this->connection->close();
            return $this->connection->exchange($frame, $deadline);
        }
        return self::exchangeRepeatable($this->connection, $frame, $deadline);
    }

    private static function exchangeRepeatable(Connection $connection, string $frame, Deadline $deadline): string
    {
        try {
            return $connection->exchange($frame, $deadline);
        } catch (Fault $fault) {
            if (!$fault->isBeforeAnswer) {
                throw $fault;
            }
        }
        $connection->close();
        return $connection->exchange($frame, $deadline);
    }

    /**
     * @return array{feature: int, holder: ?string}
     */
    private static function seat(int $feature, ?string $holder): array
    {
        // Invalid UTF-8 fails the match as well.
        $isName = $holder === null
            || (strlen($holder) <= self::MAX_HOLDER && preg_match('/\A\P{Cc}+\z/u', $holder) === 1);
        if (!$isName) {
            throw new \InvalidArgumentException(
                'a holder is a name of 1 to 256 bytes of UTF-8 without control characters',
            );
        }
        return ['feature' => self::feature($feature), 'holder' => $holder];
    }

    private static function feature(int $feature): int
    {
        if ($feature < 1 || $feature > self::MAX_ID) {
            throw new \InvalidArgumentException("there is no feature $feature; take the lic_feature_id of module.json");
        }
        return $feature;
    }

    private static function mustBeTime(float $seconds): void
    {
        if (!($seconds > 0 && $seconds <= 3600)) {
            throw new \InvalidArgumentException('a timeout is more than 0 and at most 3600 seconds');
        }
    }

    private static function mustBeAbout(int $feature, Verdict $verdict): void
    {
        if ($verdict->feature !== $feature) {
            throw Fault::protocol('about another feature than the one asked for');
        }
    }
}
