<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

/**
 * What a module's module.json says about licensing.
 */
final readonly class ModuleManifest
{
    /** The longest module.json that is read, in bytes; real ones take about one KiB. */
    private const MAX_BYTES = 256 * 1024;

    /** What some editors put before the text, and JSON does not allow. */
    private const BYTE_ORDER_MARK = "\u{FEFF}";

    private function __construct(
        /** The `moduleUniqueID`, if there is one. */
        public ?string $uniqueId,
        /** The feature that must be licensed; null for a free module. */
        public ?int $feature,
        /** The product that holds it. */
        public ?int $product,
    ) {
    }

    /**
     * Reads a module.json. One that cannot be read, or that does not say clearly what it needs, is a
     * failure of kind {@see FailureKind::InvalidModule}.
     */
    public static function read(string $path): self|Failure
    {
        $text = self::contents($path);
        if ($text === null) {
            return self::invalid($path, 'cannot be read; check that it is a file, and who may read it');
        }
        if (strlen($text) > self::MAX_BYTES) {
            return self::invalid($path, 'is longer than 256 KiB; it should hold the description of a module alone');
        }
        if (str_starts_with($text, self::BYTE_ORDER_MARK)) {
            return self::invalid($path, 'begins with a byte order mark; save it as UTF-8 without one');
        }
        $json = json_decode($text, true);
        if (!is_array($json) || ($json !== [] && array_is_list($json))) {
            $why = json_last_error() === JSON_ERROR_NONE ? '' : ' (' . json_last_error_msg() . ')';
            return self::invalid($path, "is no JSON object$why; correct it or install the module again");
        }
        foreach (['lic_feature_id', 'lic_product_id'] as $name) {
            if (!self::isId($json[$name] ?? 0)) {
                return self::invalid($path, "has no number in $name; a free module leaves it out or sets it to 0");
            }
        }
        $uniqueId = $json['moduleUniqueID'] ?? null;
        return new self(
            is_string($uniqueId) && $uniqueId !== '' ? $uniqueId : null,
            (int) ($json['lic_feature_id'] ?? 0) ?: null,
            (int) ($json['lic_product_id'] ?? 0) ?: null,
        );
    }

    private static function contents(string $path): ?string
    {
        // is_file() first: opening a FIFO would block.
        $text = Quiet::call(static fn () => is_file($path)
            ? file_get_contents($path, false, null, 0, self::MAX_BYTES + 1)
            : false);
        return $text === false ? null : $text;
    }

    /** Ids come as integers, and as strings of digits in some modules. */
    private static function isId(mixed $value): bool
    {
        $isNumber = is_int($value) || (is_string($value) && preg_match('/\A[0-9]{1,10}\z/', $value) === 1);
        return $isNumber && (int) $value >= 0 && (int) $value <= Client::MAX_ID;
    }

    private static function invalid(string $path, string $what): Failure
    {
        return new Failure(FailureKind::InvalidModule, null, "$path $what.");
    }
}
