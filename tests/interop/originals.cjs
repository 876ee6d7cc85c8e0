// Before a published program starts. It listens at PORT, whatever its code says. `@prisma/client`, whose engine is no
// package of a registry, is the one call that the program makes of it, on pg. The program's own code stays as it is.
'use strict';
const Module = require('node:module');
const net = require('node:net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (place, ...rest) {
  const moved = place !== null && typeof place === 'object' && place.port ? { ...place, port: Number(process.env.PORT) } : place;
  return listen.call(this, moved, ...rest);
};

class PrismaClient {
  async $connect() {
    const url = new URL(process.env.DB_URL);
    url.search = '';
    this.pool = new (require('pg').Pool)({ connectionString: url.href });
  }

  async $disconnect() {
    await this.pool.end();
  }

  get order() {
    const insert = 'INSERT INTO "Order" (id, "customerId", amount) VALUES ($1, $2, $3)';
    return { create: ({ data }) => this.pool.query(insert, [data.id, data.customerId, data.amount]) };
  }
}

const load = Module._load;
Module._load = function (name, ...rest) {
  return name === '@prisma/client' ? { PrismaClient } : load.call(this, name, ...rest);
};
