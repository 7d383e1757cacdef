<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

/**
 * What callers pass: thrown back where no daemon could answer it, since that is a mistake in the program.
 *
 * @internal
 */
final class Arguments
{
    /** Ids of features and products are unsigned 32-bit integers. */
    public const MAX_ID = 0xFFFF_FFFF;

    /** The most features whose verdicts fit into one answer, whatever their messages. */
    private const MAX_FEATURES = 1000;

    /** The longest path that fits into a socket address. */
    private const MAX_SOCKET_PATH = 107;

    /** The longest name of a holder, in bytes of UTF-8. */
    private const MAX_HOLDER = 256;

    /** The longest timeout, in seconds. */
    private const MAX_TIME = 3600.0;

    public static function feature(mixed $id): int
    {
        return self::id($id) ?? throw new \InvalidArgumentException(
            'a feature is a number from 1 to 4294967295; take the lic_feature_id of module.json',
        );
    }

    public static function product(int $id): int
    {
        return self::id($id) ?? throw new \InvalidArgumentException(
            'a product is a number from 1 to 4294967295; take the lic_product_id of module.json',
        );
    }

    /**
     * @param array<mixed> $ids
     *
     * @return list<int> each of them once
     */
    public static function features(array $ids): array
    {
        $features = array_values(array_unique(array_map(self::feature(...), $ids)));
        if (count($features) > self::MAX_FEATURES) {
            throw new \InvalidArgumentException('at most 1000 features can be checked at once');
        }
        return $features;
    }

    /**
     * @return array{feature: int, holder: ?string}
     */
    public static function seat(int $feature, ?string $holder): array
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

    /**
     * @param array<mixed> $metrics
     *
     * @return array<string>
     */
    public static function metrics(array $metrics): array
    {
        foreach ($metrics as $name => $value) {
            if (!is_scalar($value) && !$value instanceof \Stringable) {
                throw new \InvalidArgumentException("the metric $name is no text and no number");
            }
        }
        return array_map(strval(...), $metrics);
    }

    /**
     * @param array<mixed> $uids
     *
     * @return list<int>
     */
    public static function uids(array $uids): array
    {
        if (array_filter($uids, is_int(...)) !== $uids) {
            throw new \InvalidArgumentException('a trusted user is a number');
        }
        return array_values($uids);
    }

    public static function socket(string $path): void
    {
        if ($path === '' || strlen($path) > self::MAX_SOCKET_PATH || str_contains($path, "\0")) {
            throw new \InvalidArgumentException('a socket is a path of 1 to 107 bytes');
        }
    }

    public static function language(?string $tag): ?string
    {
        if ($tag !== null && preg_match('/\A[A-Za-z0-9._@-]{1,64}\z/', $tag) !== 1) {
            throw new \InvalidArgumentException('a language is a tag or a locale, as ru or ru_RU.UTF-8');
        }
        return $tag;
    }

    public static function time(float $seconds): void
    {
        if (!($seconds > 0 && $seconds <= self::MAX_TIME)) {
            throw new \InvalidArgumentException('a timeout is more than 0 and at most 3600 seconds');
        }
    }

    private static function id(mixed $id): ?int
    {
        return is_int($id) && $id >= 1 && $id <= self::MAX_ID ? $id : null;
    }
}
