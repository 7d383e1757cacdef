<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Arguments;
use MikoPBX\Licensed\Wire\Connection;
use MikoPBX\Licensed\Wire\Deadline;
use MikoPBX\Licensed\Wire\Fault;
use MikoPBX\Licensed\Wire\Fields;
use MikoPBX\Licensed\Wire\Frame;
use MikoPBX\Licensed\Wire\Trust;

/**
 * Asks licensed, the licensing daemon of this host, over its Unix socket.
 *
 * One connection is kept for all calls of a process, in PHP-FPM also for the requests that come after this
 * one. Each call ends within its one deadline. A check always comes to a {@see Verdict} and every other
 * call to its result or a {@see Failure}; exceptions are for arguments that no daemon could answer.
 */
final class Client
{
    /** Where the daemon listens unless it is told otherwise. */
    public const DEFAULT_SOCKET = '/run/licensed/licensed.sock';

    /** Ids of features and products are unsigned 32-bit integers. */
    public const MAX_ID = Arguments::MAX_ID;

    /** Seconds after which a wait without end begins anew. */
    private const LONGEST_WAIT = 3600.0;

    /** Seconds within which a change must be whole once it has begun: as long as the daemon gives itself. */
    private const FRAME_DEADLINE = 10.0;

    private readonly Trust $trust;

    private readonly ?string $language;

    /**
     * @param float $timeout seconds for a call that the daemon answers from memory
     * @param float $onlineTimeout seconds for a call for which the daemon may ask the license server; it
     *                             gives that up after 15
     * @param bool $persistent whether the connection is kept for the next calls of this process, and in
     *                         PHP-FPM for the next requests; else each call has a new one
     * @param array<int> $trustedUids users that may own the socket, beside root, `licensed` and our own
     * @param string|null $language in which the daemon says its sentences, as `ru` or `ru_RU.UTF-8`; English where
     *                              it has no other. What this client says itself is English. With a language,
     *                              PHP-FPM keeps the connection for one request alone
     *
     * @throws \InvalidArgumentException
     */
    public function __construct(
        private readonly string $socket = self::DEFAULT_SOCKET,
        private readonly float $timeout = 1.0,
        private readonly float $onlineTimeout = 20.0,
        private readonly bool $persistent = true,
        array $trustedUids = [],
        ?string $language = null,
    ) {
        Arguments::socket($socket);
        Arguments::time($timeout);
        Arguments::time($onlineTimeout);
        $this->trust = new Trust(Arguments::uids($trustedUids));
        $this->language = Arguments::language($language);
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
        return $this->verdict('check', Arguments::seat($feature, $holder), $this->soon());
    }

    /**
     * {@see check()} of several features with one question.
     *
     * @param array<int> $features at most 1000
     *
     * @return array<int, Verdict> a verdict on each of them, by feature
     *
     * @throws \InvalidArgumentException
     */
    public function checkMany(array $features): array
    {
        $features = Arguments::features($features);
        if ($features === []) {
            return [];
        }
        $read = static function (Fields $answer) use ($features): Verdicts {
            $verdicts = Verdicts::fromWire($answer);
            return array_keys($verdicts->byFeature) === $features
                ? $verdicts
                : throw Fault::protocol('about other features than those asked for');
        };
        $arguments = ['features' => $features];
        $result = $this->call('check_many', $arguments, $this->soon(), 'entitlements', $read);
        return $result instanceof Failure ? Verdicts::unknown($result, $features) : $result->byFeature;
    }

    /**
     * Check; if not granted, take a seat if one is free and this host was not dropped from it. What a
     * module asks when it is enabled.
     *
     * @throws \InvalidArgumentException
     */
    public function ensure(int $feature): Verdict
    {
        return $this->verdict('ensure', ['feature' => Arguments::feature($feature)], $this->online());
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
        $arguments = [...Arguments::seat($feature, $holder), 'reclaim' => $reclaim];
        $read = static function (Fields $answer) use ($feature): Captured {
            $captured = Captured::fromWire($answer);
            self::mustBeAbout($feature, $captured->verdict);
            return $captured;
        };
        return $this->call('capture', $arguments, $this->online(), 'captured', $read);
    }

    /**
     * Give a seat back. Never repeated by itself: after a failure, look at {@see Client::check()}.
     *
     * @throws \InvalidArgumentException
     */
    public function release(string $session): Done|Failure
    {
        return $this->do('release', ['session' => $session]);
    }

    /**
     * How the daemon and its binding are.
     */
    public function status(): Status|Failure
    {
        return $this->call('status', [], $this->soon(), 'status', Status::fromWire(...));
    }

    /**
     * What the license of this host holds, from the daemon's memory. For administrators with the number of
     * another license: what that one holds, asked from the license server; it binds nothing.
     *
     * @throws \InvalidArgumentException
     */
    public function licenseInfo(#[\SensitiveParameter] ?string $number = null): LicenseInfo|Failure
    {
        $deadline = $number === null ? $this->soon() : $this->online();
        $arguments = ['key' => $number];
        return $this->call('license_info', $arguments, $deadline, 'license_info', LicenseInfo::fromWire(...));
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
        $deadline = $this->soon();
        do {
            $read = static function (Fields $answer) use ($cursor): FeaturePage {
                $page = FeaturePage::fromWire($answer);
                return $page->next === null || $page->next > ($cursor ?? 0)
                    ? $page
                    : throw Fault::protocol('a page of features that was there before');
            };
            $page = $this->call('features', ['cursor' => $cursor], $deadline, 'features', $read);
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
        $arguments = ['feature' => Arguments::feature($feature)];
        $read = static function (Fields $answer) use ($feature): Explanation {
            $explanation = Explanation::fromWire($answer);
            self::mustBeAbout($feature, $explanation->verdict);
            return $explanation;
        };
        return $this->call('explain', $arguments, $this->soon(), 'explanation', $read);
    }

    /**
     * Get a registration number for a company, and bind this host to it. For administrators. The same data
     * from the same host give the same number.
     *
     * @throws \InvalidArgumentException
     */
    public function register(
        string $company,
        string $email,
        string $contact,
        ?string $phone = null,
        ?string $taxId = null,
    ): Registered|Failure {
        $arguments = [
            'company' => $company,
            'email' => $email,
            'contact' => $contact,
            'phone' => $phone,
            'tax_id' => $taxId,
        ];
        return $this->call(
            'register',
            $arguments,
            $this->online(),
            'registered',
            Registered::fromWire(...),
            false,
        );
    }

    /**
     * Bind this host to a registration number. For administrators. If that fails, the old binding stays.
     *
     * @throws \InvalidArgumentException
     */
    public function activate(#[\SensitiveParameter] string $number): Done|Failure
    {
        return $this->do('activate', ['key' => $number]);
    }

    /**
     * Activate a coupon. For administrators.
     *
     * @throws \InvalidArgumentException
     */
    public function activateCoupon(#[\SensitiveParameter] string $coupon): Done|Failure
    {
        return $this->do('activate_coupon', ['coupon' => $coupon]);
    }

    /**
     * Add a trial of a product: what is done when a module with this `lic_product_id` is installed. For
     * administrators.
     *
     * @throws \InvalidArgumentException
     */
    public function addTrial(int $product): Done|Failure
    {
        return $this->do('add_trial', ['product' => Arguments::product($product)]);
    }

    /**
     * Forget the registration number of this host and free its seats. For administrators.
     */
    public function reset(): Done|Failure
    {
        return $this->do('reset', []);
    }

    /**
     * Ask the license server now, and say what it came to. For administrators.
     */
    public function recheck(): Done|Failure
    {
        return $this->do('recheck', []);
    }

    /**
     * Tell the license server how this host is used. For administrators; nothing depends on it.
     *
     * @param array<string|int|float|bool|\Stringable> $metrics by name; at most 64, names and values of up to
     *                                                         256 bytes
     *
     * @throws \InvalidArgumentException
     */
    public function sendMetrics(array $metrics): Done|Failure
    {
        return $this->do('send_metrics', ['metrics' => (object) Arguments::metrics($metrics)]);
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
            Arguments::time($beat);
        }
        return $this->changes($beat);
    }

    /**
     * Does the license server answer? The daemon looks at most once in 10 seconds.
     */
    public function ping(): Ping|Failure
    {
        return $this->call('ping', [], $this->online(), 'ping', Ping::fromWire(...));
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
        return $this->verdict('check', Arguments::seat($manifest->feature, null), $this->soon(), $manifest->product);
    }

    /**
     * @param array{feature: int, holder?: ?string} $arguments
     */
    private function verdict(
        string $request,
        array $arguments,
        Deadline $deadline,
        ?int $product = null,
    ): Verdict {
        $feature = $arguments['feature'];
        $read = static function (Fields $answer) use ($feature, $product): Verdict {
            $verdict = Verdict::fromWire($answer, $product);
            self::mustBeAbout($feature, $verdict);
            return $verdict;
        };
        $result = $this->call($request, $arguments, $deadline, 'entitlement', $read);
        return $result instanceof Failure ? Verdict::unknown($result, $feature, $product) : $result;
    }

    /**
     * A request that changes something, so that it is never repeated by itself.
     *
     * @param array<string, mixed> $arguments
     */
    private function do(string $request, array $arguments): Done|Failure
    {
        return $this->call($request, $arguments, $this->online(), 'done', Done::fromWire(...), false);
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
        Deadline $deadline,
        string $expected,
        callable $read,
        bool $isRepeatable = true,
    ): object {
        $frame = Frame::request($request, $arguments);
        $connection = $this->persistent
            ? Connection::ofProcess($this->socket, $this->trust, $this->language)
            : Connection::own($this->socket, $this->trust, $this->language);
        try {
            [$name, $value] = Frame::answer($connection->exchange($frame, $deadline, $isRepeatable));
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
        $connection->close();
        return $failure;
    }

    /** For a call that the daemon answers from memory. */
    private function soon(): Deadline
    {
        return new Deadline($this->timeout);
    }

    /** For a call for which the daemon may ask the license server. */
    private function online(): Deadline
    {
        return new Deadline($this->onlineTimeout);
    }

    /**
     * @return \Generator<int, ?Change, void, Failure>
     */
    private function changes(?float $beat): \Generator
    {
        $connection = Connection::own($this->socket, $this->trust, $this->language);
        try {
            $frame = Frame::request('watch', []);
            $body = $connection->exchange($frame, $this->soon(), true);
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

    private static function mustBeAbout(int $feature, Verdict $verdict): void
    {
        if ($verdict->feature !== $feature) {
            throw Fault::protocol('about another feature than the one asked for');
        }
    }
}
