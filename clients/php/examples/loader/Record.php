<?php

declare(strict_types=1);

namespace ModuleLoader;

/**
 * A JSON object of the store, read field by field with its types checked. Fields that it does not know are
 * ignored: a newer loader may have written some.
 */
final readonly class Record
{
    /**
     * @param array<mixed> $fields
     */
    private function __construct(private array $fields)
    {
    }

    /**
     * @throws \UnexpectedValueException
     */
    public static function of(mixed $json): self
    {
        return is_array($json) ? new self($json) : throw new \UnexpectedValueException('no object');
    }

    /**
     * @throws \UnexpectedValueException
     */
    public function int(string $name): int
    {
        return $this->optionalInt($name) ?? throw new \UnexpectedValueException("no $name");
    }

    /**
     * @throws \UnexpectedValueException
     */
    public function optionalInt(string $name): ?int
    {
        $value = $this->fields[$name] ?? null;
        return $value === null || is_int($value) ? $value : throw new \UnexpectedValueException("$name is no integer");
    }

    /**
     * @throws \UnexpectedValueException
     */
    public function string(string $name): string
    {
        $value = $this->fields[$name] ?? null;
        return is_string($value) ? $value : throw new \UnexpectedValueException("$name is no string");
    }

    /**
     * @throws \UnexpectedValueException
     */
    public function bool(string $name): bool
    {
        return $this->optionalBool($name) ?? throw new \UnexpectedValueException("no $name");
    }

    /**
     * @throws \UnexpectedValueException
     */
    public function optionalBool(string $name): ?bool
    {
        $value = $this->fields[$name] ?? null;
        return $value === null || is_bool($value)
            ? $value
            : throw new \UnexpectedValueException("$name is neither true nor false");
    }

    /**
     * @throws \UnexpectedValueException
     */
    public function optional(string $name): ?self
    {
        $value = $this->fields[$name] ?? null;
        return $value === null ? null : self::of($value);
    }
}
