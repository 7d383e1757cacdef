### Что находит `licensectl doctor` и что с этим делать. У каждой причины есть свой раздел в docs/doctor.md.

## Этот компьютер.

doctor-daemon = licensed { $version } отвечает.
doctor-daemon-no-socket = licensed не запущен: сокета { $path } нет.
doctor-daemon-nobody-listens = licensed не запущен: сокет { $path } никто не слушает.
doctor-daemon-silent = licensed не даёт пригодного ответа на { $path }: { $why }
doctor-daemon-unknown = Работает ли licensed, неизвестно: открыть его сокет нельзя.
doctor-socket = Пользователь { $user } может его открыть. Владелец { $owner }:{ $group }, режим { $mode }.
doctor-socket-denied = Пользователю { $user } нельзя открыть { $path }: владелец { $owner }:{ $group }, режим { $mode }, а группы пользователя: { $groups }.
doctor-socket-closed-folder = Пользователю { $user } нельзя искать { $path }: каталог для него закрыт.
doctor-unit = Состояние службы: { $state }.
doctor-unit-none = systemd не знает этой службы ({ $load }): licensed работает без неё или не работает вовсе.
doctor-unit-failed = Состояние службы: { $state }, последний результат: { $result }; перезапусков: { $restarts }.
doctor-unit-restarts = Состояние службы: { $state }; перезапусков: { $restarts }.
doctor-state = Состояние читается.
doctor-state-none = В этой папке состояния нет.
doctor-state-closed = Каталог закрыт для { $user }, как и должно быть. Root увидит больше.
doctor-state-open = В каталог может заглянуть не только licensed: его режим { $mode }.
doctor-state-damaged = Сохранённое состояние не читается: { $what }
doctor-state-set-aside = При запуске сохранённое состояние не удалось прочитать, файлы отложены: { $files }
doctor-state-lost = Сохранённое состояние не удалось прочитать, а сервер лицензий ещё не сообщил его заново.
doctor-disk = Для состояния свободно { $megabytes } МиБ.
doctor-disk-full = Диск заполнен: для состояния осталось { $kilobytes } КиБ. licensed продолжает работу в памяти, но при перезапуске теряет то, что не смог записать.
doctor-disk-inodes = На диске нельзя создать ни одного файла: закончились индексные дескрипторы. licensed продолжает работу в памяти, но при перезапуске теряет то, что не смог записать.
doctor-disk-read-only = Диск с состоянием смонтирован только для чтения. licensed продолжает работу в памяти, но при перезапуске теряет то, что не смог записать.
doctor-configuration = Серверы лицензий: { $servers }.
doctor-configuration-no-server = Сервер лицензий не настроен.
doctor-configuration-no-file = нет файла { $path }. Укажите файл службы: --config.
doctor-configuration-unknown = Настройки неизвестны: { $why }
doctor-keys = Найдено корневых ключей сервера лицензий: { $keys }.
doctor-keys-none = В { $trust } нет корневого ключа сервера лицензий: верить его ответам нельзя.

## Путь к серверу лицензий.

doctor-dns = Адрес { $name }: { $addresses } ({ $resolvers }).
doctor-dns-by-hosts = Адрес { $name }: { $addresses }, так указано в /etc/hosts.
doctor-dns-no-answer = Не удаётся узнать адрес { $name }: ни один сервер имён не отвечает ({ $resolvers }).
doctor-dns-no-address = У имени { $name } нет адреса ({ $resolvers }).
doctor-dns-wrong = Имя { $name } ведёт на { $addresses }, а там не может быть сервера лицензий ({ $resolvers }).
doctor-dns-hosts = /etc/hosts ведёт имя { $name } на { $addresses }, где сервер лицензий не отвечает; серверы имён называют { $others }.
doctor-no-route = У этого компьютера нет маршрута до { $address }: { $why }
doctor-tcp = { $address } принимает соединение.
doctor-tcp-refused = { $address } отклоняет соединение.
doctor-tcp-dropped = { $address } не отвечает: пакеты теряются по дороге.
doctor-tcp-failed = Нет соединения с { $address }: { $why }
doctor-portal = Вместо сервера лицензий отвечает что-то на пути к нему и отправляет на { $whereto }: это страница входа в сеть.
doctor-tls = { $subject }, издатель { $issuer }, действителен до { $until }.
doctor-tls-failed = Соединение TLS не устанавливается: { $why }
doctor-tls-expired = Срок сертификата { $subject } (издатель { $issuer }) истёк { $at }.
doctor-tls-not-yet = Сертификат { $subject } (издатель { $issuer }) начнёт действовать только { $at }.
doctor-tls-self-signed = Сертификат { $subject } самоподписанный, этот компьютер ему не доверяет.
doctor-tls-unknown-issuer = Сертификат { $subject } выдал центр «{ $issuer }», которому этот компьютер не доверяет: прокси или межсетевой экран вскрывает TLS по дороге, или у сервера лицензий собственный центр сертификации.
doctor-tls-wrong-host = Сертификат выдан для { $names }, а не для { $host }. Издатель: { $issuer }.
doctor-tls-no-roots = Нет ни одного доверенного центра сертификации: { $why }
doctor-http = Сервер лицензий отвечает.
doctor-http-error = Сервер лицензий отвечает ошибкой: код HTTP { $status }.
doctor-http-other = Отвечает не сервер лицензий: код HTTP { $status }, { $kind }.
doctor-http-none = Сервер лицензий принимает соединение, но не отвечает: { $why }
doctor-ping = licensed получает ответ сервера лицензий за { $milliseconds } мс.
doctor-ping-failed = licensed не может связаться с сервером лицензий: { $why }
doctor-proxy = Прокси { $proxy }, заданный в { $origin }, пропускает запрос.
doctor-proxy-by-daemon = Прокси { $proxy }, заданный в { $origin }, требует пароль; у licensed он есть, и запросы проходят.
doctor-proxy-credentials = Прокси { $proxy }, заданный в { $origin }, требует имя и пароль, или нужны другие (код HTTP 407).
doctor-proxy-refuses = Прокси { $proxy }, заданный в { $origin }, не пропускает запрос: код HTTP { $status }.
doctor-proxy-nonsense = По адресу прокси { $proxy }, заданного в { $origin }, отвечает не прокси: { $why }
doctor-proxy-no-address = У имени прокси { $proxy }, заданного в { $origin }, нет адреса ({ $resolvers }).
doctor-proxy-unreachable = Прокси { $proxy }, заданный в { $origin }, недоступен по адресу { $address }: { $why }
doctor-why-refused = соединение отклонено.
doctor-why-dropped = нет ответа.
doctor-clock = Часы идут верно.
doctor-clock-ahead = Часы этого компьютера спешат на { $amount }: они показывают { $here }, а сейчас { $there }.
doctor-clock-behind = Часы этого компьютера отстают на { $amount }: они показывают { $here }, а сейчас { $there } или позже.

## Лицензия.

doctor-license = { $number }, { $company }.
doctor-license-none = На этом компьютере нет регистрационного номера.
doctor-lease = Подтверждение лицензии действует до { $until }.
doctor-lease-lapsed = Подтверждение лицензии закончилось { $until }, а новый ответ сервера лицензий не пришёл.
doctor-command = Отказано в `licensectl { $command }` ({ $at }): { $why }
doctor-base = У «{ $name }» нет места на этом компьютере: { $why }
doctor-feature = Захват функции { $feature } удался бы.
doctor-feature-unknown = В лицензии этого компьютера нет функции { $feature }.
doctor-feature-no-answer = Неизвестно: ответ не пришёл вовремя.

## Что делать.

doctor-next-socket = Выполните это от root или от пользователя из группы сокета.
doctor-next-socket-root = Никакой группе сокет не открыт: выполните это от root.
doctor-next-socket-join = От root: usermod -aG { $group } { $user }; затем войдите в систему заново и перезапустите то, что работает от этого пользователя. Или выполните это от root.
doctor-next-socket-login = { $user } уже в группе { $group }, но ещё не был в ней, когда начался этот сеанс: войдите в систему заново и перезапустите то, что работает от этого пользователя.
doctor-next-daemon = Выполните `systemctl start licensed`; если служба не остаётся запущенной, смотрите `journalctl -u licensed`.
doctor-next-daemon-bare = Запустите licensed; если он не остаётся запущенным, смотрите его журнал.
doctor-next-daemon-silent = Посмотрите журнал licensed и перезапустите его. Чей это сокет, покажет `ss -xlp`.
doctor-next-unit = Смотрите `journalctl -u licensed`.
doctor-next-state = Проверьте диск и владельца каталога и файлов, затем перезапустите licensed. Лицензию он получит от сервера лицензий сам.
doctor-next-state-set-aside = Проверьте диск. Когда всё остальное в порядке, удалите эти файлы: licensed они не нужны.
doctor-next-state-open = От root: chmod 700 { $path }
doctor-next-disk = Освободите место на диске.
doctor-next-disk-read-only = Посмотрите причину в журнале ядра и смонтируйте диск для записи.
doctor-next-no-server = Укажите `server` в /etc/licensed/licensed.toml и выполните `licensectl reload`.
doctor-next-no-key = Положите туда открытый ключ сервера лицензий файлом *.pub и выполните `licensectl reload`.
doctor-next-dns-no-answer = Проверьте серверы имён в /etc/resolv.conf и доступны ли они с этого компьютера.
doctor-next-dns-no-address = Проверьте, нет ли опечатки в `server` в /etc/licensed/licensed.toml; если нет, обратитесь к администратору сервера имён.
doctor-next-dns-wrong = Обратитесь к администратору сервера имён или укажите другой сервер в /etc/resolv.conf.
doctor-next-dns-hosts = Удалите { $name } из /etc/hosts.
doctor-next-no-route = Проверьте шлюз по умолчанию (`ip route`, `ip -6 route`) и есть ли в вашей сети такие адреса.
doctor-next-portal = Войдите в сеть через браузер или попросите её администратора пропустить этот компьютер.
doctor-next-refused = Попросите администратора межсетевого экрана пропустить этот компьютер; если дело не в нём, сервер лицензий не работает.
doctor-next-dropped = Попросите администратора межсетевого экрана пропустить этот компьютер на порт 443.
doctor-next-proxy = Проверьте настройку прокси и работает ли он.
doctor-next-proxy-credentials = Запишите имя:пароль в файл, указанный в `proxy_credentials_file` в /etc/licensed/licensed.toml, и задайте там `proxy`; затем выполните `licensectl reload`.
doctor-next-proxy-refuses = Попросите администратора прокси пропустить этот компьютер к серверу лицензий.
doctor-next-clock = Установите часы или включите NTP (`timedatectl set-ntp true`).
doctor-next-certificate-time = На этом компьютере делать нечего: сообщите владельцу сервера лицензий, что сертификат нужно обновить.
doctor-next-certificate-soon = Сообщите владельцу сервера лицензий: срок сертификата скоро закончится.
doctor-next-certificate-authority = Исключите сервер лицензий из того, что вскрывает TLS; а если этому центру нужно доверять, укажите его сертификат в `ca_file` в /etc/licensed/licensed.toml.
doctor-next-certificate-host = Проверьте `server` в /etc/licensed/licensed.toml; если там всё верно, по дороге отвечает кто-то с собственным сертификатом.
doctor-next-tls = Посмотрите, что стоит между этим компьютером и сервером лицензий: `openssl s_client -connect HOST:443`.
doctor-next-no-roots = Установите пакет ca-certificates.
doctor-next-not-a-server = Проверьте `server` в /etc/licensed/licensed.toml: там должен быть сервер лицензий этого проекта.
doctor-next-server-error = На этом компьютере делать нечего: сообщите владельцу сервера лицензий. licensed повторит запрос сам.
doctor-next-number-unknown = Проверьте, нет ли в номере опечатки, и активируйте его снова: `licensectl activate MIKO-…`.
doctor-next-bound-elsewhere = Активируйте номер здесь заново: `licensectl activate`. Если место занимает другой компьютер, сначала сбросьте его привязку в Sessions monitor личного кабинета; если действующей лицензии нет, запросите её.
doctor-next-expired = После продления: `licensectl coupon`, а после покупки — `licensectl recheck`.
doctor-next-registration = Найдите письмо с номером и активируйте его или повторите с названием компании и почтой, указанными в прошлый раз.
doctor-next-coupon = Если купон введён верно, обратитесь к продавцу. Купону, уже активированному для этого номера, ничего больше не нужно.
doctor-next-not-registered = Выполните `licensectl register` или активируйте номер: `licensectl activate MIKO-…`.
doctor-next-lapsed = Обеспечьте доступ к серверу лицензий и выполните `licensectl recheck`.
doctor-next-feature = Проверьте номер функции; если он верен, купите продукт с ней или возьмите пробную лицензию: `licensectl trial ПРОДУКТ`.

## Как это показывается.

doctor-doubt = Сейчас ничто не мешает, но последнее обращение к серверу лицензий не удалось: смотрите строку license ниже, затем выполните `licensectl recheck`.
doctor-healthy = Всё в порядке.
doctor-result-ok = в порядке
doctor-result-warning = внимание
doctor-result-failed = сбой
doctor-granted = Функция { $feature }: захват удался бы.
doctor-denied = Функция { $feature }: в захвате было бы отказано ({ $code }). { $why }
doctor-indeterminate = Функция { $feature }: чем закончится захват, неизвестно. { $why }
doctor-stage-daemon = Опрашивается licensed …
doctor-stage-lookup = Определяется адрес сервера лицензий …
doctor-stage-connect = Соединение с сервером лицензий …
doctor-stage-speak = Обмен с сервером лицензий …
doctor-stage-license = Запрашивается ответ сервера лицензий …
