<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

/**
 * Frames: four bytes of big-endian length of what follows, a byte of version, a byte of encoding,
 * payload. No I/O here.
 *
 * @internal
 */
final class Frame
{
    /** Bytes of the length prefix. */
    public const PREFIX = 4;

    private const VERSION = 1;
    private const JSON = 1;

    /** Version and encoding: the least that follows the length. */
    private const MIN_BODY = 2;
    private const MAX_REQUEST = 64 * 1024;
    private const MAX_ANSWER = 1024 * 1024;

    /** How much is shown of what a daemon of another version says: three times what it says today. */
    private const MAX_SAID = 200;

    /** Answers are five levels deep. */
    private const MAX_DEPTH = 16;

    /**
     * A request as a frame.
     *
     * @param array<string, mixed> $arguments none for a request that is a name alone
     *
     * @throws \InvalidArgumentException if the arguments are no UTF-8, or too long for a request
     */
    public static function request(string $name, array $arguments): string
    {
        $request = $arguments === [] ? $name : [$name => $arguments];
        $payload = json_encode($request, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        if ($payload === false) {
            throw new \InvalidArgumentException("the arguments of $name must be UTF-8");
        }
        $length = self::MIN_BODY + strlen($payload);
        if ($length > self::MAX_REQUEST) {
            throw new \InvalidArgumentException("the arguments of $name are longer than a request may be, 64 KiB");
        }
        return pack('NCC', $length, self::VERSION, self::JSON) . $payload;
    }

    /** The length of what follows `$prefix`, if it is one. To be asked before anything is read. */
    public static function bodyLength(string $prefix): int
    {
        $length = unpack('N', $prefix)[1];
        return match (true) {
            $length < self::MIN_BODY => throw Fault::protocol('shorter than a frame can be'),
            $length > self::MAX_ANSWER => throw Fault::protocol('longer than 1 MiB'),
            default => $length,
        };
    }

    /**
     * The answer in a body, which is as long as {@see bodyLength()} allows: the name of its variant, and its value.
     *
     * @return array{string, mixed}
     */
    public static function answer(string $body): array
    {
        $version = ord($body[0]);
        $encoding = ord($body[1]);
        if ($version === 0) {
            $said = preg_replace('/[^ -~]/', '?', substr($body, self::MIN_BODY, self::MAX_SAID));
            throw Fault::unsupported(
                'licensed does not speak the protocol version of this PHP package; '
                . "install the package of its release (it said: $said)",
            );
        }
        if ($version !== self::VERSION) {
            throw Fault::protocol("in protocol version $version, which this package does not speak");
        }
        if ($encoding !== self::JSON) {
            throw Fault::protocol("in encoding $encoding, which is not the one that was asked in");
        }
        try {
            $answer = json_decode(substr($body, self::MIN_BODY), true, self::MAX_DEPTH, JSON_THROW_ON_ERROR);
        } catch (\JsonException $error) {
            throw Fault::protocol("no JSON ({$error->getMessage()})");
        }
        return Fields::variantOf($answer, 'answer');
    }
}
