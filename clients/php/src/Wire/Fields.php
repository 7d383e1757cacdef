<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

/**
 * A JSON object of the protocol, read field by field with its types checked.
 *
 * Fields that this package does not know are ignored, and an optional one may be left out: newer
 * daemons may add some.
 *
 * @internal
 */
final readonly class Fields
{
    /**
     * @param array<mixed> $values
     */
    private function __construct(private array $values, private string $name)
    {
    }

    /** The object that `$value` must be. */
    public static function of(mixed $value, string $name): self
    {
        return is_array($value) ? new self($value, $name) : throw Fault::protocol("one whose $name is no object");
    }

    /**
     * A value in serde's external form: `"name"`, or `{"name": value}`.
     *
     * @return array{string, mixed}
     */
    public static function variantOf(mixed $value, string $name): array
    {
        if (is_string($value)) {
            return [$value, null];
        }
        $variant = is_array($value) && count($value) === 1 ? key($value) : null;
        if (is_array($value) && is_string($variant)) {
            return [$variant, $value[$variant]];
        }
        throw Fault::protocol("one whose $name is neither a name nor an object with one field");
    }

    public function int(string $field): int
    {
        return $this->optionalInt($field) ?? throw $this->wrong($field);
    }

    public function optionalInt(string $field): ?int
    {
        $value = $this->values[$field] ?? null;
        return $value === null || is_int($value) ? $value : throw $this->wrong($field);
    }

    public function string(string $field): string
    {
        return $this->optionalString($field) ?? throw $this->wrong($field);
    }

    public function optionalString(string $field): ?string
    {
        $value = $this->values[$field] ?? null;
        return $value === null || is_string($value) ? $value : throw $this->wrong($field);
    }

    public function bool(string $field): bool
    {
        $value = $this->values[$field] ?? null;
        return is_bool($value) ? $value : throw $this->wrong($field);
    }

    /**
     * @return list<string>
     */
    public function strings(string $field): array
    {
        $values = $this->values[$field] ?? null;
        if (!is_array($values)) {
            throw $this->wrong($field);
        }
        $strings = array_filter($values, is_string(...));
        return array_is_list($values) && count($strings) === count($values)
            ? array_values($strings)
            : throw $this->wrong($field);
    }

    /**
     * @return list<self>
     */
    public function objects(string $field): array
    {
        return $this->object($field)->elements();
    }

    /**
     * The objects that this is a list of.
     *
     * @return list<self>
     */
    public function elements(): array
    {
        return array_is_list($this->values)
            ? array_map(fn (mixed $element): self => self::of($element, $this->name), $this->values)
            : throw Fault::protocol("one whose $this->name is no list");
    }

    public function object(string $field): self
    {
        return $this->optionalObject($field) ?? throw $this->wrong($field);
    }

    public function optionalObject(string $field): ?self
    {
        $value = $this->values[$field] ?? null;
        return $value === null ? null : self::of($value, "$this->name.$field");
    }

    /**
     * @return array{string, mixed}
     */
    public function variant(string $field): array
    {
        return self::variantOf($this->values[$field] ?? null, "$this->name.$field");
    }

    private function wrong(string $field): Fault
    {
        return Fault::protocol("one whose $this->name.$field is missing or of another type");
    }
}
