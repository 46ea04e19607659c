insert into bench_insert (id, amount) values (uuidv7(), 4000000);
