<?php

declare(strict_types=1);

namespace MikoPBX\Licensed;

use MikoPBX\Licensed\Wire\Fields;

/**
 * The owner of a license. E-mail and phone are masked for who is no administrator.
 */
final readonly class Customer
{
    public function __construct(
        public string $company,
        public string $contact,
        public string $email,
        public string $phone,
    ) {
    }

    /** @internal */
    public static function fromWire(Fields $fields): self
    {
        return new self(
            $fields->string('company'),
            $fields->string('contact'),
            $fields->string('email'),
            $fields->string('phone'),
        );
    }
}
