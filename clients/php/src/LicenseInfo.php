<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * What a license holds, by {@see Client::licenseInfo()}.
 */
final readonly class LicenseInfo
{
    /**
     * @param list<Product> $products
     */
    public function __construct(
        /** The registration number; masked for who is no administrator. */
        public string $number,
        /** Whose it is. */
        public Customer $customer,
        /** What it holds. */
        public array $products,
        /** When the license server said so, in Unix seconds. */
        public int $asOf,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            $fields->string('number'),
            Customer::fromWire($fields->object('customer')),
            array_map(Product::fromWire(...), $fields->objects('products')),
            $fields->int('as_of'),
        );
    }
}
