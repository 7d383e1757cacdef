<?php

declare(strict_types=1);

require_once __DIR__ . '/../autoload.php';
require_once __DIR__ . '/FakeDaemon.php';
require_once __DIR__ . '/Fpm.php';
require_once __DIR__ . '/RealHost.php';
require_once __DIR__ . '/Scripted.php';
require_once __DIR__ . '/../examples/loader/autoload.php';
require_once __DIR__ . '/ModuleLoaderCase.php';
